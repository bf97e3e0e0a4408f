// A reporter for `node --test`: the failures of a run once more at its end, a few lines each, where
// whoever sees only the end of a long output finds them.

import { relative } from 'node:path';

/** Lines of what a test said of its failure. */
const LINES = 12;

export default async function* failures(source) {
  /** The names of the tests that are open, by how deep they are. */
  const open = [];
  const failed = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') open.splice(data.nesting, open.length, data.name);
    if (type !== 'test:fail') continue;
    const { error } = data.details;
    if (error.failureType === 'subtestsFailed') continue;
    const path = [...open.slice(0, data.nesting), data.name].join(' › ');
    const said = String(error.cause?.message ?? error.cause ?? error.message).split('\n').slice(0, LINES);
    failed.push([`${relative('.', data.file ?? '')}: ${path}`, ...said.map((line) => `    ${line}`)].join('\n'));
  }
  if (failed.length > 0) yield `\n${failed.length} failed:\n${failed.join('\n')}\n`;
}

// Transcripts as text: what e2e/transcripts/README.md describes, into steps.

import { readFileSync } from 'node:fs';

const WHO = String.raw`(?<who>[a-z]\w*(?:/\w+)?)`;
const EVERYBODY = String.raw`(?<everybody>[a-z]\w*(?:/\w+)?(?:, [a-z]\w*(?:/\w+)?)*)`;
const grammar = (rest, who = WHO) => new RegExp(`^${who} ${rest}$`, 's');

/** Each kind of line of a conversation, by its form. */
const FORMS = [
  ['connects', grammar(String.raw`connects (?<path>/\S*)`)],
  ['says', grammar(String.raw`> (?<text>.+)`)],
  ['hears', grammar(String.raw`< (?<text>.+)`, EVERYBODY)],
  ['silence', grammar(String.raw`\. \(silence\)`, EVERYBODY)],
  ['closes', grammar(String.raw`closes(?: (?<code>\d{4}))?`)],
  ['vanishes', grammar('vanishes')],
  ['becomes', grammar('becomes (?<role>[a-z_]+)')],
  [
    'asks',
    grammar(
      String.raw`(?<method>GET|POST|PUT|PATCH|DELETE) (?<path>/\S*)(?: (?<body>.+?))? -> (?<status>\d{3})(?: (?<answer>.+))?`,
    ),
  ],
  ['token', /^token «(?<name>[\w.]+)» (?<claims>\{.*\})(?<forged> signed by a stranger)?$/],
  ['people', /^people: (?<names>[a-z]+(?:=[a-z_]+)?(?:, [a-z]+(?:=[a-z_]+)?)*)$/],
  ['server', /^server: (?<settings>\w+=\S+(?: \w+=\S+)*)$/],
];

/** A mistake in a transcript, with its place. */
export class Unreadable extends Error {}

/**
 * The transcript in a file: `{ file, title, about, steps }`. A step has its `kind`, the `line`
 * where it begins, its `text` as written, and what its form names.
 */
export function readTranscript(file) {
  return parseTranscript(readFileSync(file, 'utf8'), file);
}

/** The same of a text; `file` is for messages. */
export function parseTranscript(text, file) {
  const lines = text.split('\n');
  const fail = (line, what) => {
    throw new Unreadable(`${file}:${line}: ${what}`);
  };
  const title = /^# (.+)$/.exec(lines[0])?.[1] ?? fail(1, 'the first line must be "# TITLE"');
  const setup = lines.findIndex((line) => line.startsWith('## '));
  if (setup < 0) fail(1, 'there must be a section, "## …"');
  const about = lines.slice(1, setup).join(' ').trim();
  if (!about) fail(2, 'a sentence must say what the transcript shows');
  const steps = parseSteps(lines.slice(setup), file, setup + 1);
  for (const [at, step] of steps.entries()) {
    const settles = ['people', 'server'].includes(step.kind);
    if (settles && steps.slice(0, at).some(({ kind }) => !['people', 'server'].includes(kind))) {
      fail(step.line, `"${step.kind}:" must come before everything else`);
    }
  }
  return { file, title, about, steps };
}

/** The steps of these lines, the first of which is number `first`. */
export function parseSteps(lines, file, first = 1) {
  const steps = [];
  let group = null;
  for (const { line, text } of wholeLines(lines, first)) {
    if (text === '{ in any order') {
      if (group) throw new Unreadable(`${file}:${line}: a group within a group`);
      group = { kind: 'group', line, text, steps: [] };
      steps.push(group);
    } else if (text === '}') {
      if (!group) throw new Unreadable(`${file}:${line}: no group is open`);
      group = null;
    } else {
      const found = parseStep(text, line, file);
      if (group && found[0].kind !== 'hears') {
        throw new Unreadable(`${file}:${line}: only what is heard stands in a group`);
      }
      (group ? group.steps : steps).push(...found);
    }
  }
  if (group) throw new Unreadable(`${file}:${group.line}: the group has no end`);
  return steps;
}

/** The step that a line is, once for each who stands before it. */
function parseStep(text, line, file) {
  for (const [kind, form] of FORMS) {
    const found = form.exec(text);
    if (!found) continue;
    if (kind === 'hears' && text.includes('…')) {
      throw new Unreadable(`${file}:${line}: every key of what is heard must be named`);
    }
    const step = { ...found.groups, kind, line, text: found.groups.text ?? text, whole: text };
    return step.everybody?.split(', ').map((who) => ({ ...step, who })) ?? [step];
  }
  throw new Unreadable(`${file}:${line}: no line of a transcript: ${text}`);
}

/** Lines without comments, headings and empty ones; an indented line goes on with the one before. */
function* wholeLines(lines, first) {
  let whole = null;
  for (const [at, written] of lines.entries()) {
    const text = written.replace(/(^| {2,})#.*$/, '').trimEnd();
    if (text === '') continue;
    if (whole && /^\s/.test(text) && !/^\s+(\}|[a-z][\w/, ]* <)/.test(text)) {
      whole.text += text.trim();
    } else {
      if (whole) yield whole;
      whole = { line: first + at, text: text.trim() };
    }
  }
  if (whole) yield whole;
}

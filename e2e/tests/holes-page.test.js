// docs/protocol/holes.md cannot lie: every row of it names tests that there are, or says what the
// hole belongs to.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { describe, it } from 'node:test';

const PAGE = new URL('../../docs/protocol/holes.md', import.meta.url);
const page = await readFile(PAGE, 'utf8');
/** What may be said to be missing; each stands in the list at the end of the page. */
const LATER = /^(?:- )\*\*(?<name>[^*]+)\*\*/gm;
const later = [...page.matchAll(LATER)].map(({ groups }) => groups.name);
/** A title as it stands in a test file; `good` and `bad` make a test of theirs. */
const TITLE = /\b(?:test|it|describe|good|bad)\(\s*(?:'(?<single>(?:\\.|[^'\\])*)'|`(?<template>(?:\\.|[^`\\])*)`)/g;

/** The titles of a file; what a template fills in is written `…`. */
function titlesOf(source) {
  return new Set(
    [...source.matchAll(TITLE)].map(({ groups: { single, template } }) =>
      (single ?? template.replace(/\$\{[^}]*\}/g, '…')).replace(/\\(.)/g, '$1'),
    ),
  );
}

const files = (await readdir(new URL('.', import.meta.url))).filter((name) => name.endsWith('.test.js'));
const sources = await Promise.all(files.map((name) => readFile(new URL(name, import.meta.url), 'utf8')));
const titles = new Map(files.map((name, at) => [name.slice(0, -'.test.js'.length), titlesOf(sources[at])]));

/** The tables, by the heading above them: rows of cells. */
const tables = page.split(/^## /m).slice(1).map((section) => {
  const rows = section.split('\n').filter((line) => line.startsWith('| ')).slice(1);
  return { heading: section.split('\n')[0], rows: rows.map((row) => row.slice(2, -2).split(' | ')) };
}).filter(({ rows }) => rows.length > 0);

describe('the page of holes', () => {
  it('has a table for each application', () => {
    const apps = ['Task Manager', 'Flux Studio', 'ProdSight', 'SkyBuild Pro', 'Project Manager'];
    assert.deepEqual(tables.map(({ heading }) => heading), apps);
  });

  for (const { heading, rows } of tables) {
    it(`names tests that there are: ${heading}`, () => {
      for (const [hole, , shown = '', ...more] of rows) {
        assert.deepEqual(more, [], `${hole}: a row has three cells`);
        const cited = [...shown.matchAll(/`([\w-]+)`: “([^”]+)”/g)];
        for (const [, file, title] of cited) {
          assert.ok(titles.get(file)?.has(title), `${hole}: there is no “${title}” in ${file}.test.js`);
        }
        const waits = /^belongs to: (.+)$/.exec(shown)?.[1];
        assert.ok(cited.length > 0 || later.includes(waits), `${hole}: is shown by nothing: ${shown}`);
        const rest = shown.replace(/`[\w-]+`: “[^”]+”/g, '').replaceAll('; ', '');
        assert.equal(waits ? '' : rest, '', `${hole}: nothing else stands there`);
      }
    });
  }

  it('lists what is missing, and nothing that no row waits for', () => {
    for (const name of later) assert.ok(page.includes(`| belongs to: ${name} |`), name);
  });
});

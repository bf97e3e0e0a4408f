// docs/rest.md is about every operation that there is, and about no other.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const read = (path) => readFile(new URL(`../../docs/${path}`, import.meta.url), 'utf8');
const page = await read('rest.md');
const { paths } = JSON.parse(await read('openapi.json'));

/** What the page has no row for: the documents themselves, and how the server is. */
const APART = new Set(['', '/openapi.json', '/asyncapi.json', '/health']);
/** A row of the table of kinds: its path, and that of what it lies in. */
const KIND = /^\| `\w+` \| `(?<path>\w+)` \| (?:the project|an? [^|]*`(?<outer>\w+)\/\{id\}\/\w+`)/gm;
const REQUEST = /`(GET|POST|PATCH|PUT|DELETE) (\/[^`\s?]*)/g;

const unnamed = (path) => path.replaceAll(/\{\w+\}/g, '{}');

/** All operations under `/api/v1`; PUT is the same as PATCH. */
function operations() {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path]),
  );
  const own = all.filter(([method, path]) => /^\/api\/v1(\/|$)/.test(path) && method !== 'PUT');
  const short = own.map(([method, path]) => [method, unnamed(path.slice('/api/v1'.length))]);
  return new Set(short.filter(([, path]) => !APART.has(path)).map((one) => one.join(' ')));
}

/** What the rows for every kind say of each. */
function ofKinds() {
  const kinds = [...page.matchAll(KIND)].map(({ groups }) => groups);
  assert.ok(kinds.length > 5, `${kinds.length} kinds`);
  return kinds.flatMap(({ path, outer = 'projects' }) => [
    ...['GET', 'POST'].map((method) => `${method} /${outer}/{}/${path}`),
    ...['', '/totals'].map((rest) => `GET /projects/{}/${path}${rest}`),
    ...['GET', 'PATCH', 'DELETE'].map((method) => `${method} /${path}/{}`),
  ]);
}

test('every operation is on the page, and every request of the page is one', () => {
  const told = new Set(ofKinds());
  for (const [, method, path] of page.matchAll(REQUEST)) {
    const stands = /PATH|OUTER/.test(path) || path.startsWith('/api/');
    if (!stands && method !== 'PUT') told.add(`${method} ${unnamed(path)}`);
  }
  const there = operations();
  const missing = [...there].filter((one) => !told.has(one));
  const invented = [...told].filter((one) => !there.has(one));
  // Who asks a server how it is asks it at other paths too.
  assert.deepEqual([missing, invented.filter((one) => !paths[one.slice('GET '.length)])], [[], []]);
});

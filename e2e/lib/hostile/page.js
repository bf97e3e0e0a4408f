// The page that tells of the table.

import { SECTIONS } from './table.js';

/** Ways to name several doors at once, the shortest first. */
function names(doors) {
  const dialects = [...new Set(doors.map(({ dialect }) => dialect?.name))];
  const transports = [...new Set(doors.map(({ transport }) => transport))];
  return [
    ['answer', doors],
    ...transports.map((name) => [name, doors.filter(({ transport }) => transport === name)]),
    ...dialects.map((name) => [name, doors.filter(({ dialect }) => dialect?.name === name)]),
    ...dialects.map((name) => [
      `${name} over Socket.IO`,
      doors.filter(({ dialect, socketIo }) => dialect?.name === name && socketIo),
    ]),
    ...transports.flatMap((name) => dialects.map((other) => [
      `${name} except ${other}`,
      doors.filter(({ transport, dialect }) => transport === name && dialect?.name !== other),
    ])).filter(([, named]) => named.length > 1),
    ...doors.map((door) => [door.name, [door]]),
  ];
}

/** What stands above the column of these doors of a section. */
function heading(column, doors) {
  const left = new Set(column);
  const said = [];
  for (const [name, named] of names(doors)) {
    if (named.length > 0 && named.every((door) => left.has(door))) {
      said.push(name);
      named.forEach((door) => left.delete(door));
    }
  }
  return said.join(', ');
}

/** Doors at which every row is answered alike, together. */
function columns({ doors, rows }) {
  const alike = new Map();
  for (const door of doors) {
    const key = JSON.stringify(rows.map((row) => cell(row, door)));
    alike.set(key, [...(alike.get(key) ?? []), door]);
  }
  return [...alike.values()];
}

const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** What a cell says: the answer, and the reason under which it is counted. */
function cell(row, door) {
  const answer = row.answer(door);
  if (answer === undefined) return '–';
  const reasons = Object.keys(row.counts(door)).map((figure) => `\`${figure.split('/')[1]}\``);
  return reasons.length > 0 ? `${answer} (${reasons.join(', ')})` : answer;
}

/** A table with a row for each input, and a column for the doors that answer alike. */
function table(section) {
  const all = columns(section);
  const row = (one) => line([one.what, ...all.map(([door]) => cell(one, door))]);
  return [
    line(['sent', ...all.map((column) => heading(column, section.doors))]),
    `|${'---|'.repeat(all.length + 1)}`,
    ...section.rows.map(row),
  ];
}

/** The whole page; `sections` have a title, doors and rows. */
export function page(slow) {
  const sections = [...SECTIONS, ...slow].flatMap((section) => [
    `## ${section.title}`,
    '',
    ...(section.about ? [section.about, ''] : []),
    ...table(section),
    '',
  ]);
  return [
    '# Bad input',
    '',
    'What clients send that they should not, at every door, and how it is answered. “close” is followed by the code that a WebSocket is closed with; a number alone is the status of a request. What is in “…” is told as the dialect tells that something is wrong. In brackets is the reason under which it is counted in [`/metrics`](../operations.md#metrics). Where nothing else is said, a session whose client is answered goes on.',
    '',
    'The page is made from `e2e/lib/hostile/` by `UPDATE=1 node --test tests/hostile-table.test.js` in `e2e/`. `tests/hostile-*.test.js` send every row at every door: each refusal is counted by its reason, sessions and connections come back to what they were, a neighbour at every door hears the next change once, and the server grows by less than 24 MiB when all that is quick is sent three times again.',
    '',
    ...sections,
  ].join('\n').trimEnd() + '\n';
}

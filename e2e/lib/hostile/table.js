// The table: what is sent, at which doors, and how a cell of it is run and written down.

import { deferred } from '../deadline.js';
import { TOO_MANY } from './answers.js';
import { DOORS, HTTP, POLLED, SOCKETS, SOCKET_IO, STRAY_DOORS } from './doors.js';
import { COMMANDS, SPEECHES } from './commands.js';
import { BEATS, FLOODS } from './floods.js';
import { FRAMES } from './frames.js';
import { BODIES, EARLY, PACKETS } from './packets.js';
import { REQUESTS, SESSIONS, STRAYS } from './requests.js';
import { WORDS } from './words.js';

const spoken = (name) => DOORS.filter(({ dialect }) => dialect.name === name);

/** What is said within a session; `exact` are the figures that count each row exactly. */
const SAID = [
  { title: 'Frames of a WebSocket', doors: SOCKETS, rows: FRAMES },
  { title: 'Packets before a namespace is entered', doors: SOCKET_IO, rows: EARLY },
  { title: 'Packets', doors: SOCKET_IO, rows: PACKETS },
  { title: 'Bodies of several packets', doors: POLLED, rows: BODIES },
  { title: 'Words', doors: DOORS, rows: WORDS },
  { title: 'Commands', about: 'In the native protocol, by a member of a project who sees neither its private channel nor other projects. None leaves anything behind.', doors: spoken('native'), rows: COMMANDS },
  { title: 'Words to channels', about: 'In `envelope`, by the same person.', doors: spoken('envelope'), rows: SPEECHES },
  { title: 'Floods', doors: DOORS, rows: FLOODS, figures: ['sessions_ended'] },
  { title: 'Heartbeats and fragments by the thousand', doors: SOCKETS, rows: BEATS },
].map(({ title, about, doors, rows, figures = ['sessions_ended', 'requests_refused'] }) => ({
  title,
  about,
  doors,
  figures,
  rows: rows.map((row) => ({
    what: row.what,
    answer: (door) => answerOf(row, door)?.text(door),
    counts: (door) => answerOf(row, door).counts,
    run: (door, world) => converse(row, door, world),
  })),
}));

/** The table: titles, doors, and rows with what is answered and counted at a door. */
export const SECTIONS = [
  ...SAID,
  { title: 'Requests to a session that is polled', doors: POLLED, figures: ['sessions_ended'], rows: SESSIONS },
  { title: 'The id of a session that is a WebSocket', doors: STRAY_DOORS, figures: ['sessions_ended', 'engine_requests_refused'], rows: STRAYS },
  { title: 'Requests', doors: [HTTP], figures: ['engine_requests_refused', 'handshakes_refused'], rows: REQUESTS },
];

/** The rows of a section that can be sent at a door. */
export const rowsAt = ({ rows }, door) => rows.filter((row) => row.answer(door) !== undefined);

/** How a row is answered at a door; undefined if it cannot be sent there. */
function answerOf({ answer }, door) {
  return typeof answer === 'function' ? answerOf({ answer: answer(door) }, door) : answer;
}

/** Says one row, and checks the answer. */
async function converse(row, door, world) {
  const { mallory } = world;
  const link = row.early ? await door.open(mallory) : await door.enter(mallory);
  if (row.records) {
    link.heard = [];
    link.told = deferred();
    link.onMessage = (message) => {
      link.heard.push(message);
      if (door.complaint(message) === TOO_MANY) link.told.resolve();
    };
  }
  try {
    await row.send(link, door, world);
    await answerOf(row, door).check(link, door, row.early, mallory);
  } finally {
    link.destroy();
  }
}

/** What rows count at a door, together: `{ 'figure/reason': times }`. */
export function countsOf(rows, door) {
  const counts = {};
  for (const row of rows) {
    for (const [figure, times] of Object.entries(row.counts(door))) counts[figure] = (counts[figure] ?? 0) + times;
  }
  return counts;
}

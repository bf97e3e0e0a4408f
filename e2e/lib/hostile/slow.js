// What takes its time: clients that begin and do not go on, that do not answer, that do not read.
// All of it is begun at once, and each row waits for its own end.

import assert from 'node:assert/strict';
import { connect } from 'node:net';

import { deferred, within } from '../deadline.js';
import { RawSocket } from '../raw.js';
import { DOORS, HTTP, SOCKETS } from './doors.js';
import { PolledSession } from './polled.js';

/** Longer than any of the server's deadlines. */
const PATIENCE_MS = 80_000;
/** What a clock may be behind another, and a tick of the server's wheel. */
const SLACK_MS = 1_100;
/** Between the bytes of a client that sends one after another. */
const DRIP_MS = 700;

const HEAD = 'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: chorus\r\n';
const ended = (reason) => ({ [`sessions_ended/${reason}`]: 1 });

/** Waits for something that must not come before so many seconds, from `began` on at the earliest. */
async function after(seconds, promise, about, began = performance.now()) {
  const outcome = await within(promise, about, PATIENCE_MS);
  const took = performance.now() - began;
  assert.ok(took > seconds * 1000 - SLACK_MS, `${about} after ${took} ms`);
  return outcome;
}

/** Sends bytes, then the rest byte by byte; resolves to the status when the server hangs up. */
function bare({ port }, bytes, drip = '') {
  const over = deferred();
  const chunks = [];
  const stream = connect({ host: '127.0.0.1', port });
  stream.write(bytes);
  let at = 0;
  const dripping = setInterval(() => drip && stream.write(drip[at++ % drip.length]), DRIP_MS);
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('error', () => {});
  stream.on('close', () => {
    clearInterval(dripping);
    const said = /^HTTP\/1\.1 (\d{3}) /.exec(Buffer.concat(chunks).toString('latin1'));
    over.resolve(said ? Number(said[1]) : null);
  });
  return over.promise;
}

const request = (what, seconds, answer, run, counts = {}) => ({
  what,
  answer: () => `${answer} after ${seconds} s`,
  counts: () => counts,
  run: (_, world) => run(world, seconds),
});

/** A stream that must be hung up on without an answer. */
const hungUp = (bytes, drip) => async ({ server }, seconds) =>
  assert.equal(await after(seconds, bare(server, bytes, drip), 'the end of a stream'), null);

const post = (path, length, token = '') =>
  `POST ${path} HTTP/1.1\r\nHost: chorus\r\n${token && `Authorization: Bearer ${token}\r\n`}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

/** A post to a polled session whose body does not come. */
const halfBody = (drip) => async ({ server, bob }, seconds) => {
  const session = await PolledSession.open(server.url, bob.token, { idle: true });
  const path = session.url.slice(server.url.length);
  const status = await after(seconds, bare(server, `${post(path, 1_000)}42`, drip), 'the answer to a post');
  assert.equal(status, 408);
  assert.equal((await session.ask('3')).status, 400, 'the session is over');
};

const REQUESTS = [
  request('nothing at all', 10, 'the connection ends', hungUp('')),
  request('half a request line', 10, 'the connection ends', hungUp('GET /socket')),
  request('half a head', 10, 'the connection ends', hungUp(HEAD)),
  request('a head byte by byte', 10, 'the connection ends', hungUp(HEAD, 'X: y\r\n')),
  request('half a body, to a session', 30, '408; the session is over,', halfBody(), ended('transport_error')),
  request('a body byte by byte, to a session', 30, '408; the session is over,', halfBody('x'), ended('transport_error')),
  request('half a body, to REST', 30, '408', async ({ server, bob }, seconds) => {
    const bytes = `${post('/api/v1/projects', 1_000, bob.token)}{"name"`;
    assert.equal(await after(seconds, bare(server, bytes), 'the answer to a post'), 408);
  }),
];

const seconds = ({ socketIo }) => (socketIo ? 45 : 50);
const over = (door) => (door.polled ? '400' : 'close 1000');

/** The end of a session that was left alone. */
async function leftAlone(link, door, about, began) {
  link.deaf = true;
  assert.equal(await after(seconds(door), link.ended, about, began), door.polled ? 400 : 1000);
}

const SILENT = [
  {
    what: 'no answer to heartbeats',
    answer: (door) => (door.polled ? undefined : `close 1000 after ${seconds(door)} s`),
    counts: () => ended('ping_timeout'),
    async run(door, { bob }) {
      const began = performance.now();
      await leftAlone(await door.enter(bob), door, 'the end of a deaf client', began);
    },
  },
  {
    what: 'half a frame, and nothing more',
    answer: (door) => (door.polled ? undefined : `close 1000 after ${seconds(door)} s`),
    counts: () => ended('ping_timeout'),
    async run(door, { bob }) {
      const began = performance.now();
      const link = await door.enter(bob);
      link.sendBytes(Buffer.from([0x81, 0xfe, 0x7f, 0xff, 0, 0, 0, 0, 0x34]));
      await leftAlone(link, door, 'the end of half a frame', began);
    },
  },
  {
    what: 'no polls',
    answer: (door) => (door.polled ? '400 after 45 s' : undefined),
    counts: () => ended('ping_timeout'),
    async run(door, { bob, server }) {
      const session = await PolledSession.open(server.url, bob.token, { idle: true });
      await door.greet(session, bob);
      // To ask it sooner would keep it: the figures tell when it is over.
      return async () => assert.equal((await session.ask('3')).status, 400, 'it is over');
    },
  },
  {
    what: 'heartbeats, but no CONNECT',
    answer: (door) => (door.socketIo ? `${over(door)} after 45 s` : undefined),
    counts: () => ended('connect_timeout'),
    async run(door, { bob }) {
      const began = performance.now();
      const link = await door.open(bob);
      assert.equal(await after(45, link.ended, 'the end of a stranger', began), door.polled ? 400 : 1000);
    },
  },
  {
    what: 'CONNECT to an unknown namespace alone',
    answer: (door) => (door.socketIo ? `${over(door)} after 45 s` : undefined),
    counts: () => ended('connect_timeout'),
    async run(door, { bob }) {
      const began = performance.now();
      const link = await door.open(bob);
      link.sendText('40/nowhere,');
      assert.equal(await after(45, link.ended, 'the end of a stranger', began), door.polled ? 400 : 1000);
    },
  },
  {
    what: 'an upgrade that is never completed',
    answer: (door) => (door.polled ? 'the new socket ends after 5 s, polling goes on' : undefined),
    counts: () => ({}),
    async run(door, { bob, server }) {
      const session = await door.enter(bob);
      const raw = await RawSocket.at(server.url, `/socket.io/?EIO=4&transport=websocket&sid=${session.sid}`);
      await after(5, raw.ended, 'the end of an upgrade');
      session.sendText(door.question);
      await session.nextThat((message) => door.isAnswer(message));
      session.destroy();
    },
  },
  {
    what: 'a reset of the connection',
    answer: (door) => (door.polled ? undefined : 'the session ends'),
    counts: () => ended('transport_error'),
    async run(door, { bob }) {
      const link = await door.enter(bob);
      link.reset();
    },
  },
];

const MANY = 10_000;
const many = (write) => Array.from({ length: MANY }, (_, n) => write(n));

/** Says much where the pace is not limited; what is heard before the answer to a question. */
const manyOf = (what, write, answer, counts, check, doors = () => true) => ({
  what,
  answer: (door) => (doors(door) && !door.polled ? answer(door) : undefined),
  counts,
  async run(door, { carol }) {
    const link = await door.enter(carol);
    const heard = [];
    const answered = deferred();
    link.onMessage = (message) => (door.isAnswer(message) ? answered.resolve() : heard.push(message));
    link.sendAll([...write(door), door.question]);
    await within(answered.promise, what, PATIENCE_MS);
    check(heard, door);
    link.destroy();
  },
});

const NAMED = 32;
const complained = (heard, door) => heard.filter((message) => door.complaint(message) !== undefined).length;

/** More answers than the system holds for a client that does not read. */
const PILED = 4 * MANY;

const PATIENT = [
  {
    what: `${PILED.toLocaleString('en')} namespaces, of which nothing is read for a time`,
    // What a session reads is the same in every dialect.
    answer: ({ dialect, polled }) => (dialect.name === 'taskmanager' && !polled ? 'each time `Invalid namespace`, when it reads' : undefined),
    counts: () => ({}),
    async run(door, { carol, bob }) {
      const [link, neighbour] = [await door.enter(carol), await door.enter(bob)];
      const [heard, answered] = [[], deferred()];
      link.onMessage = (message) => (door.isAnswer(message) ? answered.resolve() : heard.push(message));
      link.pause();
      link.sendAll([...Array.from({ length: PILED }, (_, n) => `40/n${n},`), door.question]);
      for (let turn = 0; turn < 100; turn += 1) {
        neighbour.sendText(door.question);
        await neighbour.nextThat((message) => door.isAnswer(message));
      }
      link.resume();
      await within(answered.promise, () => `the answer behind ${heard.length} others`, PATIENCE_MS);
      assert.deepEqual(heard, Array.from({ length: PILED }, (_, n) => `44/n${n},{"message":"Invalid namespace"}`));
      link.destroy();
      neighbour.destroy();
    },
  },
  manyOf('10,000 namespaces', () => many((n) => `40/n${n},`), () => '10,000 times `Invalid namespace`', () => ({}),
    (heard) => {
      assert.equal(heard.length, MANY);
      assert.equal(heard.at(-1), `44/n${MANY - 1},{"message":"Invalid namespace"}`);
    }, ({ socketIo }) => socketIo),
  manyOf('10,000 acknowledgements that nobody asked for', (door) => many((n) => `43${door.prefix}${n}[]`), () => 'nothing', () => ({}),
    (heard) => assert.deepEqual(heard, []), ({ socketIo }) => socketIo),
  manyOf('10,000 rooms of nothing that is stored', (door) => many((n) => door.say(door.dialect.enter, door.dialect.room(1_000_000 + n))),
    (door) => ROOMS_ANSWERED[door.dialect.name] ?? '10,000 times refused',
    (door) => ROOMS_REFUSED[door.dialect.name] ?? { 'requests_refused/not_found': MANY },
    (heard, door) => assert.equal(complained(heard, door), ROOMS_COMPLAINED[door.dialect.name] ?? MANY)),
];

/** Rooms of a connection; one is that of its user. */
const ROOMS = 1_000;
/** How many projects there are to be entered. */
export const PROJECTS = ROOMS + 1;
/** Dialects whose clients enter projects by asking, and those whose clients enter all of theirs by themselves. */
const [BY_ASKING, BY_THEMSELVES] = [['native', 'flux', 'skybuild'], ['taskmanager', 'prodsight']];

/** Enters every project of a person who has more than a connection may be in rooms. */
const EVERY_PROJECT = {
  what: `${PROJECTS.toLocaleString('en')} projects entered`,
  answer: (door) =>
    BY_ASKING.includes(door.dialect.name) ? `let into ${ROOMS - 1}, then “Too many rooms”` : undefined,
  counts: () => ({ 'requests_refused/too_many_rooms': PROJECTS - ROOMS + 1 }),
  async run(door, { dora, projects }) {
    const ids = await projects;
    const link = await door.enter(dora);
    const heard = [];
    const answered = deferred();
    link.onMessage = (message) => (door.isAnswer(message) ? answered.resolve() : heard.push(message));
    link.sendAll([...ids.map((id) => door.say(door.dialect.enter, door.dialect.room(id))), door.question]);
    await within(answered.promise, 'the answer after many rooms', PATIENCE_MS);
    const complaints = heard.map((message) => door.complaint(message)).filter((text) => text !== undefined);
    assert.deepEqual(complaints, Array(PROJECTS - ROOMS + 1).fill('Too many rooms'));
    link.destroy();
  },
};

/** Anybody can be taken into projects; he must not be locked out by that. */
const MEMBER_OF_MANY = {
  what: `a member of ${PROJECTS.toLocaleString('en')} projects connects`,
  answer: (door) => (BY_THEMSELVES.includes(door.dialect.name) ? 'let in' : undefined),
  counts: () => ({}),
  async run(door, { dora, projects }) {
    await projects;
    const link = await door.open(dora);
    try {
      link.sendText(door.hello(dora));
      assert.match(await link.next(), /^40/);
    } finally {
      link.destroy();
    }
  },
};

const ROOMS_ANSWERED = { envelope: 'let into 32, 9,968 times “Too many rooms”', prodsight: 'nothing' };
const ROOMS_REFUSED = { envelope: { 'requests_refused/too_many_rooms': MANY - NAMED } };
const ROOMS_COMPLAINED = { envelope: MANY - NAMED, prodsight: 0 };

export const SLOW = [
  { title: 'Requests that do not go on', doors: [HTTP], rows: REQUESTS },
  {
    title: 'Sessions that do not go on',
    doors: DOORS,
    rows: SILENT,
  },
  {
    title: 'Ten thousand, where the pace is not limited',
    about: 'With the settings of [`limits`](../configuration.md#limits) as high as they go.',
    doors: SOCKETS,
    rows: [...PATIENT, EVERY_PROJECT, MEMBER_OF_MANY],
  },
];

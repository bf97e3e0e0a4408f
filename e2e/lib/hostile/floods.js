// Far more than anybody says, as fast as it goes.

import assert from 'node:assert/strict';

import { within } from '../deadline.js';
import { FLOODED, NOTHING, until } from './answers.js';

const [CONTINUATION, TEXT, PING, PONG] = [0, 1, 9, 10];
const MANY = 10_000;
/** More than a session may say at once, and less than ends it. */
const EXCESS = 1_000;
const many = (write) => Array.from({ length: MANY }, (_, n) => write(n));

export const FLOODS = [
  ['10,000 questions', (door) => many(() => door.question)],
  ['10,000 unknown words', (door) => many((n) => door.say(`dance${n}`, '{}'))],
  ['10,000 rooms entered', (door) => many((n) => door.say(door.dialect.enter, door.dialect.room(1_000_000 + n)))],
  ['the same room entered and left 5,000 times', (door) =>
    many((n) => door.say(n % 2 ? door.dialect.leave : door.dialect.enter, door.dialect.room(7)))],
  ['10,000 namespaces', (door) => many((n) => `40/n${n},`), true],
  ['10,000 acknowledgements that nobody asked for', (door) => many((n) => `43${door.prefix}${n}[]`), true],
].map(([what, write, socketIo]) => ({
  what,
  records: true,
  async send(link, door) {
    const said = write(door);
    // The end of a session throws away what no poll has fetched: what is told must be fetched first.
    if (door.polled && !door.dialect.mute) {
      link.sendAll(said.splice(0, EXCESS));
      await within(link.told.promise, 'that it is too much');
    }
    link.sendAll(said);
  },
  answer: (door) => (socketIo && !door.socketIo ? undefined : FLOODED),
}));

/** The message is read, and nothing else is told. */
const READ = {
  ...NOTHING,
  text: () => 'it is read',
  async check(link, door) {
    assert.deepEqual(await until(link, door), []);
    assert.ok(door.isAnswer(await link.next()), 'the answer to the question that was asked first');
  },
};

/** What does not count as a message is answered, or passed over, however often it comes. */
export const BEATS = [
  ['10,000 pings of RFC 6455', (link) => link.sendBytes(framed(PING, 125)), { ...NOTHING, text: () => 'pongs, and nothing else' }],
  ['10,000 pongs of RFC 6455 that nobody asked for', (link) => link.sendBytes(framed(PONG, 125)), NOTHING],
  ['a message in 10,000 fragments', (link, door) => {
    link.sendFrame(TEXT, Buffer.from(door.question), { fin: false });
    link.sendBytes(framed(CONTINUATION, 0, { fin: false }));
    link.sendFrame(CONTINUATION, Buffer.alloc(0));
  }, READ],
].map(([what, send, answer]) => ({ what, send, answer }));

/** Many frames of this opcode and length. */
function framed(opcode, length, { fin = true } = {}) {
  const head = [(fin ? 0x80 : 0) | opcode, 0x80 | length, 0, 0, 0, 0];
  const one = Buffer.concat([Buffer.from(head), Buffer.alloc(length, 0x78)]);
  return Buffer.concat(Array(MANY).fill(one));
}

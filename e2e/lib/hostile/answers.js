// How bad input is answered: what a cell of the table says, and how it is seen.

import assert from 'node:assert/strict';

/** How the end of a session is told, by the reason: the close code of a WebSocket, the status of a request. */
const ENDS = {
  malformed: [1002, 400],
  too_large: [1009, 413],
  flooded: [1008, 400],
};

/** How more than a session may say is told. */
export const TOO_MANY = 'Too many messages';

/** Whether it lets a client into a namespace. */
const isWelcome = (message) => /^(40|42[^[]*\["(connected|connection_status)")/.test(message);

/** Asks something, and gives all that is heard before its answer. */
export async function until(link, door) {
  link.sendText(door.question);
  const heard = [];
  for (;;) {
    const message = await link.next();
    if (door.isAnswer(message)) return heard;
    heard.push(message);
  }
}

/** The session ends, with a close code or status of its own or that of the reason. */
export function ends(reason, { code = ENDS[reason][0], status = ENDS[reason][1] } = {}) {
  const expected = ({ polled }) => (polled ? status : code);
  return {
    text: (door) => `${door.polled ? '' : 'close '}${expected(door)}`,
    counts: { [`sessions_ended/${reason}`]: 1 },
    async check(link, door) {
      assert.equal(await link.closed(), expected(door));
    },
  };
}

/** Exactly these packets are told, and the session goes on. */
export function tells(...packets) {
  return {
    text: () => packets.map((packet) => `\`${packet}\``).join(' '),
    counts: {},
    async check(link, door, early, person) {
      if (early) link.sendText(door.hello(person));
      const heard = await until(link, door);
      assert.deepEqual(heard.filter((message) => !early || !isWelcome(message)), packets);
    },
  };
}

/** Nothing is told, and the session goes on. */
export const NOTHING = { ...tells(), text: () => 'nothing' };

/** The caller is told this text, as the dialect tells such things, and the session goes on. */
export function complains(text, fault = 'wrong_form') {
  return {
    text: () => `“${text}”`,
    counts: { [`requests_refused/${fault}`]: 1 },
    async check(link, door) {
      const heard = await until(link, door);
      assert.deepEqual(heard.map((message) => door.complaint(message) ?? message), [text]);
    },
  };
}

/** The excess is told once, where the dialect tells what is wrong, and the session ends when it goes on. */
export const FLOODED = {
  ...ends('flooded'),
  text: (door) => `${door.dialect.mute ? '' : `“${TOO_MANY}”, then `}${ends('flooded').text(door)}`,
  async check(link, door) {
    const code = await ends('flooded').check(link, door);
    const complaints = link.heard.filter((message) => door.complaint(message) === TOO_MANY);
    assert.equal(complaints.length, door.dialect.mute ? 0 : 1, 'it is told once');
    return code;
  },
};

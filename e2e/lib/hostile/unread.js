// Clients that do not read what they are told.

import assert from 'node:assert/strict';

import { within } from '../deadline.js';
import { DOORS } from './doors.js';
import { PolledSession } from './polled.js';

/** Clients that hear a project, and read nothing; much is told there until all are gone. */
const ROW = {
  what: 'much is told, and it reads nothing',
  answer: (door) => (door.polled ? '400' : 'the session ends; 1008 if the socket still takes it'),
  counts: () => ({ 'sessions_ended/slow': 1 }),
  async run(door, { mallory, server, bridge, told }) {
    if (door.polled) {
      const session = await PolledSession.open(server.url, mallory.token, { idle: true });
      await door.greet(session, mallory);
      await hear(door, session, bridge);
      await told.promise;
      return async () => assert.equal((await session.ask('3')).status, 400, 'it is over');
    }
    const link = await door.enter(mallory);
    await hear(door, link, bridge);
    link.pause();
    await told.promise;
    link.resume();
    const code = await within(link.ended, 'the end of a slow reader');
    assert.ok(code === null || code === 1008, `${code}`);
    return undefined;
  },
};

/** Lets a client hear a project. */
async function hear(door, link, project) {
  const words = door.dialect.hears(project.id);
  for (const [word, json] of words) link.sendText(door.say(word, json));
  if (door.polled) {
    await link.read();
    return;
  }
  link.sendText(door.question);
  await link.nextThat((message) => door.isAnswer(message));
}

export const UNREAD = [{ title: 'Clients that do not read', doors: DOORS, rows: [ROW] }];

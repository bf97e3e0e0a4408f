// The Project Manager app's contract: who comes and goes. One arrival and one departure per person
// and room, however many sockets of whichever app the person has there.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { inRoom, who } from '../lib/envelope.js';
import { assertShape } from '../lib/shapes.js';
import { World } from '../lib/world.js';

/** Milliseconds for which a lost connection still counts. */
const GRACE_MS = 3_000;

describe('envelope: presence', () => {
  let world;
  let watcher;
  let room;
  let rooms = 0;

  before(async () => (world = await World.start(['alice', 'bob', 'carol'])));
  after(() => world.stop());
  beforeEach(async () => {
    // A room of its own for every test: nobody is still in his grace there.
    rooms += 1;
    room = `channel:room-${rooms}`;
    watcher = await world.envelope(world.alice);
    await watcher.join(room);
  });
  afterEach(() => world.closeClients());

  const heard = async (type, person, where = room) =>
    assertShape(await watcher.next(type), inRoom(type, where, person, who(person)));
  const inside = async (person) => {
    const client = await world.envelope(person);
    await client.join(room);
    return client;
  };

  test('a good-bye is a departure at once', async () => {
    const bob = await inside(world.bob);
    await heard('user_joined', world.bob);
    const left = performance.now();
    bob.close();
    await heard('user_left', world.bob);
    assert.ok(performance.now() - left < GRACE_MS, 'a good-bye is not waited over');
    await watcher.quiet();
  });

  for (const [name, leave] of [
    ['a lost connection', (client) => client.lose()],
    ['a page that is left or loaded anew', (client) => client.close(1001)],
  ]) {
    test(`${name} is a departure only after the grace`, async () => {
      const bob = await inside(world.bob);
      await heard('user_joined', world.bob);
      const lost = performance.now();
      leave(bob);
      await bob.closed();
      await heard('user_left', world.bob);
      const waited = performance.now() - lost;
      assert.ok(waited >= GRACE_MS - 50, `the grace is ${GRACE_MS} ms, not ${waited}`);
      await watcher.quiet();
    });
  }

  test('who returns within the grace has never left', async () => {
    const lost = await inside(world.bob);
    await heard('user_joined', world.bob);
    lost.lose();
    const returned = await inside(world.bob);
    // carol is lost after bob was: when she is told to have left, his grace would be over too.
    const carol = await inside(world.carol);
    await returned.next('user_joined');
    await heard('user_joined', world.carol);
    carol.lose();
    await heard('user_left', world.carol);
    await watcher.quiet();
    returned.close();
    await heard('user_left', world.bob);
  });

  test('of several sockets the first arrives and the last leaves', async () => {
    const first = await inside(world.bob);
    const second = await inside(world.bob);
    await heard('user_joined', world.bob);
    await second.leave(room);
    await second.join(room);
    await watcher.quiet();
    await first.quiet();
    first.close();
    await first.closed();
    await second.quiet();
    await watcher.quiet();
    second.close();
    await heard('user_left', world.bob);
    await watcher.quiet();
  });

  test('one is told for every room that one was in', async () => {
    const other = `${room}-other`;
    await watcher.join(other);
    const bob = await inside(world.bob);
    await heard('user_joined', world.bob);
    await bob.join(other);
    await heard('user_joined', world.bob, other);
    bob.close();
    const gone = [await watcher.next('user_left'), await watcher.next('user_left')];
    assert.deepEqual(gone.map((frame) => frame.room).sort(), [room, other]);
    await watcher.quiet();
  });

  describe('over both apps', () => {
    let project;
    beforeEach(async () => {
      project = await world.project(world.alice, world.bob);
      room = `project:${project.id}`;
      await watcher.join(room);
    });

    test('a person on both is there once', async () => {
      const board = await world.client(world.bob);
      await heard('user_joined', world.bob);
      const raw = await inside(world.bob);
      board.close();
      await raw.quiet();
      await watcher.quiet();
      raw.close();
      await heard('user_left', world.bob);
      await watcher.quiet();
    });

    test('the other app hears it in its words', async () => {
      const board = await world.client(world.alice);
      const bob = await inside(world.bob);
      assert.equal((await board.next('user_connected')).user_id, world.bob.id);
      await heard('user_joined', world.bob);
      await bob.leave(room);
      assert.equal((await board.next('user_disconnected')).user_id, world.bob.id);
      await heard('user_left', world.bob);
      await board.quiet({ presence: true });
      await watcher.quiet();
    });

    test('who a project is taken from has left its room', async () => {
      await inside(world.bob);
      await heard('user_joined', world.bob);
      await world.alice.rest.delete(`/projects/${project.id}/members/${world.bob.id}`);
      await heard('user_left', world.bob);
      await watcher.quiet();
    });
  });
});

// Who is there: the Task Manager app's contract, section 5, with one arrival and one departure per
// person however many sockets he has, and a moment's grace for a transport that was lost.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { actor, assertShape, naive } from '../lib/shapes.js';
import { Client, PRESENCE, TRANSPORTS } from '../lib/sockets.js';
import { World } from '../lib/world.js';

/** Milliseconds for which a lost connection still counts. */
const GRACE_MS = 3_000;

describe('presence', () => {
  let world;
  let watcher;
  let project;

  before(async () => (world = await World.start(['alice', 'bob', 'carol', 'mallory'])));
  after(() => world.stop());
  beforeEach(async () => {
    project = await world.project(world.alice, world.bob, world.carol);
    watcher = await world.client(world.alice);
  });
  afterEach(async () => {
    // Whoever is still in his grace would be heard in the next test.
    world.closeClients();
    const observer = await Client.connected(world.alice);
    for (let there = Infinity; there > 1; ) {
      await observer.tell('get_online_users', { project_id: null });
      there = (await observer.next('online_users')).count;
      if (there > 1) await observer.next('user_disconnected');
    }
    observer.close();
    await world.alice.rest.delete(`/projects/${project.id}`);
  });

  /** What was heard of this person's coming and going, in order. */
  const told = (client, person) =>
    client.heard
      .filter(({ name, args }) => PRESENCE.includes(name) && args[0].user_id === person.id)
      .map(({ name }) => name);

  const arrival = (person) => {
    const { id: userId, ...names } = actor(person);
    return { user_id: userId, ...names, timestamp: naive };
  };
  const departure = (person) => ({ user_id: person.id, username: person.name, timestamp: naive });

  for (const transport of TRANSPORTS) {
    test(`one arrival and one departure, on ${transport.name}`, async () => {
      const [bob] = await world.clients(transport, world.bob);
      assertShape(await watcher.next('user_connected'), arrival(world.bob));
      await watcher.quiet({ presence: true });
      const left = performance.now();
      bob.close();
      assertShape(await watcher.next('user_disconnected'), departure(world.bob));
      assert.ok(performance.now() - left < GRACE_MS, 'a good-bye is not waited over');
      await watcher.quiet({ presence: true });
    });
  }

  test('a person who shares several projects arrives once', async () => {
    const second = await world.project(world.alice, world.bob);
    const bob = await world.client(world.bob);
    await watcher.next('user_connected');
    await watcher.quiet({ presence: true });
    bob.close();
    await watcher.next('user_disconnected');
    await watcher.quiet({ presence: true });
    await world.alice.rest.delete(`/projects/${second.id}`);
  });

  test('a second socket neither arrives nor leaves; the last one does', async () => {
    const first = await world.client(world.bob);
    const second = await world.client(world.bob);
    first.close();
    await second.drain();
    await watcher.next('user_connected');
    await watcher.quiet({ presence: true });
    second.close();
    await watcher.next('user_disconnected');
    await watcher.quiet({ presence: true });
  });

  test('a lost transport is a departure only after the grace', async () => {
    const bob = await world.client(world.bob);
    await watcher.next('user_connected');
    const lost = performance.now();
    bob.lose();
    await watcher.tell('get_online_users', { project_id: project.id });
    const { users } = await watcher.next('online_users');
    assert.ok(users.some((row) => row.user_id === world.bob.id), 'he counts as present meanwhile');
    assertShape(await watcher.next('user_disconnected'), departure(world.bob));
    const waited = performance.now() - lost;
    assert.ok(waited >= GRACE_MS - 50, `the grace is ${GRACE_MS} ms, not ${waited}`);
    await watcher.quiet({ presence: true });
  });

  test('who returns within the grace has never left', async () => {
    const lost = await world.client(world.bob);
    await watcher.next('user_connected');
    lost.lose();
    const returned = await world.client(world.bob);
    // carol is lost after bob was: when she is told to have left, his grace would be over too.
    const carol = await world.client(world.carol);
    carol.lose();
    await watcher.next('user_connected');
    const gone = await watcher.next('user_disconnected');
    assert.equal(gone.user_id, world.carol.id);
    await watcher.quiet({ presence: true });
    assert.deepEqual(told(watcher, world.bob), ['user_connected']);
    returned.close();
    await watcher.next('user_disconnected');
    assert.deepEqual(told(watcher, world.bob), ['user_connected', 'user_disconnected']);
  });

  test('leaving the room is a departure from it, joining it an arrival', async () => {
    const bob = await world.client(world.bob);
    await watcher.next('user_connected');
    await bob.tell('leave_project', { project_id: project.id });
    assertShape(await watcher.next('user_disconnected'), departure(world.bob));
    await bob.tell('join_project', { project_id: project.id });
    assertShape(await watcher.next('user_connected'), arrival(world.bob));
    await watcher.quiet({ presence: true });
  });

  describe('online_users', () => {
    const online = async (client, projectId) => {
      await client.tell('get_online_users', { project_id: projectId });
      const answer = await client.next('online_users');
      assertShape(answer, {
        project_id: projectId,
        users: Array.isArray,
        count: answer.users.length,
        timestamp: naive,
      });
      return answer.users;
    };
    const assertThere = (users, ...people) => {
      const there = users.map((row) => row.user_id).sort((a, b) => a - b);
      assert.deepEqual(there, people.map((person) => person.id).sort((a, b) => a - b));
    };

    test('names each person once, with when he came and last said something', async () => {
      const bob = await world.client(world.bob);
      await world.client(world.bob);
      const [before] = (await online(watcher, project.id)).filter((row) => row.user_id === world.bob.id);
      assertShape(before, {
        user_id: world.bob.id,
        username: 'bob',
        full_name: 'Bob Example',
        connected_at: naive,
        last_activity: naive,
      });
      await bob.tell('ping');
      const users = await online(watcher, project.id);
      assertThere(users, world.alice, world.bob);
      const [after] = users.filter((row) => row.user_id === world.bob.id);
      assert.equal(after.connected_at, before.connected_at);
      assert.ok(after.last_activity > before.last_activity, 'a ping is a sign of life');
    });

    test('for no project: everyone with whom the caller shares one', async () => {
      await world.clients(undefined, world.bob, world.carol, world.mallory);
      assertThere(await online(watcher, null), world.alice, world.bob, world.carol);
    });

    test('is what /websocket/status counts', async () => {
      await world.clients(undefined, world.bob, world.bob, world.mallory);
      const status = await world.root.rest.get('/websocket/status', { root: true });
      assert.equal(status.connected_users, 3, 'people, not sockets');
    });
  });
});

// Flux Studio's contract: whole lists of who is in a project, and rights that change while
// somebody is there.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { Flux, fluxClaims, iso } from '../lib/flux.js';
import { assertShape } from '../lib/shapes.js';
import { mint, nowSeconds } from '../lib/tokens.js';
import { World } from '../lib/world.js';

describe('flux: presence', () => {
  let world;
  let [alice, bob, carol] = [];
  let project;
  const open = [];

  before(async () => {
    world = await World.start(['alice', 'bob', 'carol'], { dialect: 'flux' });
    ({ alice, bob, carol } = world);
  });
  after(() => world.stop());
  afterEach(() => open.splice(0).forEach((client) => client.close()));
  beforeEach(async () => (project = await world.project(alice, bob, carol)));

  const connect = async (person, options) => {
    const client = await Flux.connected(person, { options });
    open.push(client);
    return client;
  };
  /** A client that is in the project, and has seen itself there as the last. */
  const enter = async (person, ...before) => {
    const client = await connect(person);
    client.say('join:project', { projectId: String(project.id) });
    await client.sees(project, ...before, person);
    return client;
  };
  const members = (person) => `/projects/${project.id}/members/${person.id}`;

  test('who joins hears the list with himself, under the stored name; so do the others', async () => {
    const first = await connect(alice);
    const users = await first.join(project, { userId: String(bob.id), userName: '<b>Bob</b>' });
    assert.equal(users.length, 1);
    const { id, fullName } = alice;
    assertShape(users[0], { id: String(id), name: fullName, joinedAt: iso });
    await enter(bob, alice);
    const [before] = await first.sees(project, alice, bob);
    assert.deepEqual(before, users[0], 'both lists tell the same moment');
  });

  test('when somebody joined is one moment, in each list that tells of him', async () => {
    const here = await enter(alice);
    const moments = new Set();
    for (let times = 0; times < 6; times += 1) {
      const client = await connect(bob);
      const [, told] = await client.join(project);
      const [, heard] = await here.sees(project, alice, bob);
      const [, asked] = await client.join(project);
      assert.deepEqual([heard, asked], [told, told]);
      moments.add(told.joinedAt);
      client.close();
      await here.sees(project, alice);
    }
    assert.ok(moments.size > 1, 'each time he came anew');
  });

  test('joining again adds nobody', async () => {
    const first = await enter(alice);
    const second = await enter(bob, alice);
    await second.join(project);
    const users = await second.join(project);
    assert.deepEqual(users.map((user) => user.id), [String(alice.id), String(bob.id)]);
    second.say('leave:project', { projectId: String(project.id) });
    await first.sees(project, alice);
  });

  test('leaving is told to those who stay, and not to who leaves', async () => {
    const first = await enter(alice);
    const second = await enter(bob, alice);
    await first.sees(project, alice, bob);
    await second.drain();
    second.say('leave:project', { projectId: String(project.id), userId: String(alice.id) });
    await first.sees(project, alice);
    await second.quiet();
    const lists = second.heard.filter((event) => event.name === 'presence:update');
    const has = (event) => event.args[0].users.some((user) => user.id === String(bob.id));
    assert.ok(lists.every(has), 'no list without himself');
  });

  test('one of two sockets of a person may leave, the other keeps him there', async () => {
    const first = await enter(alice);
    const [one, two] = [await enter(bob, alice), await enter(bob, alice)];
    await first.sees(project, alice, bob);
    one.close();
    const third = await enter(carol, alice, bob);
    await first.sees(project, alice, bob, carol);
    two.close();
    await first.sees(project, alice, carol);
    third.close();
    await first.sees(project, alice);
  });

  test('a lost transport is forgiven for a while, then it is a departure', async () => {
    const first = await enter(alice);
    const second = await enter(bob, alice);
    await first.sees(project, alice, bob);
    const lostAt = performance.now();
    second.lose();
    await second.next('(disconnect)');
    await first.sees(project, alice);
    assert.ok(performance.now() - lostAt > 2_500, 'not before the time is over');
  });

  test('who comes back in time was never away', async () => {
    const first = await enter(alice);
    const second = await enter(bob, alice);
    await first.sees(project, alice, bob);
    const third = await enter(carol, alice, bob);
    await first.sees(project, alice, bob, carol);
    second.lose();
    await second.next('(disconnect)');
    const back = new Flux(bob);
    open.push(back);
    await back.next('(connect)');
    await back.join(project);
    // The departure of carol, who is lost later, is told after the time of bob is over.
    third.lose();
    await first.sees(project, alice, bob);
    const gone = (event) =>
      event.name === 'presence:update' &&
      event.args[0].users.length > 1 &&
      !event.args[0].users.some((user) => user.id === String(bob.id));
    assert.deepEqual(first.heard.filter(gone), []);
  });

  test('an expired token is a departure at once', async () => {
    const first = await enter(alice);
    const token = mint(fluxClaims(bob, { exp: nowSeconds() + 3 }));
    const second = await connect(bob, { auth: { token } });
    await second.join(project);
    await first.sees(project, alice, bob);
    assert.deepEqual(await second.next('error'), { message: 'Invalid or expired token' });
    assert.equal(await second.next('(disconnect)'), 'io server disconnect');
    await first.sees(project, alice);
  });

  test('who is taken out of the project hears no more, and cannot come back', async () => {
    const first = await enter(alice);
    const second = await enter(bob, alice);
    await first.sees(project, alice, bob);
    const task = await world.task(alice, project);
    await second.next('task:created');
    await second.next('activity:new');
    await alice.rest.delete(members(bob));
    await first.sees(project, alice);
    assert.deepEqual(await second.next('error'), { message: 'Access denied to project' });
    await alice.rest.patch(`/tasks/${task.id}`, { title: 'Secret' });
    assert.equal((await first.next('task:updated')).task.title, 'Secret');
    await second.quiet();
    const projectId = String(project.id);
    await second.refused('Access denied to project', 'join:project', { projectId });
    const claim = { projectId, task: { id: String(task.id) } };
    await second.refused('Task not found', 'task:updated', claim);
    await alice.rest.post(`/projects/${project.id}/members`, { user_id: bob.id, role: 'viewer' });
    await second.quiet();
    await second.join(project);
    await first.sees(project, alice, bob);
  });

  test('a membership opens no room by itself', async () => {
    const other = await world.project(alice);
    const second = await connect(bob);
    const projectId = String(other.id);
    await second.refused('Access denied to project', 'join:project', { projectId });
    await alice.rest.post(`/projects/${other.id}/members`, { user_id: bob.id, role: 'member' });
    await world.task(alice, other, { assignee_id: bob.id });
    await second.quiet();
    await second.join(other);
    await world.task(alice, other);
    await second.next('task:created');
  });

  test('a project that is deleted takes its room with it', async () => {
    const first = await enter(alice);
    const second = await enter(bob, alice);
    await Promise.all([first.drain(), second.drain()]);
    await alice.rest.delete(`/projects/${project.id}`);
    const projectId = String(project.id);
    for (const client of [first, second]) {
      assert.deepEqual(await client.next('error'), { message: 'Project not found' });
      await client.quiet();
      await client.refused('Project not found', 'join:project', { projectId });
    }
  });

  test('an admin of the workspace may join any project', async () => {
    const root = await connect(world.root);
    assert.deepEqual((await root.join(project)).map((user) => user.id), [String(world.root.id)]);
  });
});

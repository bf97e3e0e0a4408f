// The SkyBuild Pro app's contract: who may hear a project and who is there; what is forged, odd or
// revoked; and a project with clients of other apps.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { NativeSocket } from '../lib/native.js';
import { comment, Skybuild, taskUpdated, who } from '../lib/skybuild.js';
import { Client, TRANSPORTS } from '../lib/sockets.js';
import { assertShape } from '../lib/shapes.js';
import { claimsOf, mint, nowSeconds } from '../lib/tokens.js';
import { World } from '../lib/world.js';

/** Milliseconds for which a lost connection still counts. */
const GRACE_MS = 3_000;
const DENIED = 'Access denied to project';
const REQUIRED = 'project_id required';
/** Arguments in which the app finds no project. */
const NOTHING = [
  [],
  [null],
  [7],
  ['7'],
  [true],
  [[]],
  [{}],
  [{ project_id: null }],
  [{ project_id: '' }],
  [{ project_id: 0 }],
  [{ project_id: false }],
  [{ project_id: [] }],
  [{ project_id: {} }],
  [{ id: '7' }, { project_id: '7' }],
];
/** What names no project that anybody has. */
const NO_PROJECT = ['999999999', 'e9294364', '-1', ' 1', '1.5', '9'.repeat(40), 'x'.repeat(100_000), 7, [7], { a: 1 }, true];

describe('skybuild: rooms', () => {
  let world;
  let [alice, bob, mallory] = [];
  let [project, task] = [];

  before(async () => {
    world = await World.start(['alice', 'bob', 'carol', 'mallory'], { dialect: 'skybuild' });
  });
  after(() => world.stop());
  beforeEach(async () => {
    // alice owns, carol belongs to the project from the start, mallory never.
    world.closeClients();
    project = await world.project(world.alice, world.bob, [world.carol, 'viewer']);
    task = await world.task(world.alice, project);
    [alice, bob, mallory] = await Promise.all(
      [world.alice, world.bob, world.mallory].map((person) => world.skybuild(person)),
    );
    await alice.enter(project);
    await bob.enter(project, world.alice);
    await alice.next('user:joined');
  });

  const members = () => `/projects/${project.id}/members`;
  const rename = (title = 'New') => world.alice.rest.patch(`/tasks/${task.id}`, { title });
  const allQuiet = async (...more) => {
    for (const client of [alice, bob, mallory, ...more]) await client.quiet();
  };
  /** Each of these hears one departure and one arrival, no more. */
  const hears = async (client, name, person) =>
    assert.deepEqual(await client.next(name), who(person, project), name);

  for (const transport of TRANSPORTS) {
    test(`odd arguments change nothing, on ${transport.name}`, async () => {
      const odd = await world.skybuild(world.bob, transport);
      const head = await world.alice.rest.cursor();
      for (const args of NOTHING) {
        await odd.refused(REQUIRED, 'join_project', ...args);
        await odd.tell('leave_project', ...args);
      }
      for (const projectId of NO_PROJECT) {
        await odd.refused(DENIED, 'join_project', { project_id: projectId });
        await odd.tell('leave_project', { project_id: projectId });
      }
      await odd.refused(DENIED, 'join_project', { project_id: project.id }, 'a number is no id here');
      assert.equal(await world.alice.rest.cursor(), head, 'nothing was stored');
      await allQuiet(odd);
      await rename();
      for (const client of [alice, bob]) await client.next('task:updated');
      await allQuiet(odd);
    });
  }

  describe('a stranger', () => {
    test('is not let in, hears nothing, and spoofs nobody\'s departure', async () => {
      const claim = { project_id: String(project.id) };
      await mallory.refused(DENIED, 'join_project', claim);
      await mallory.tell('leave_project', claim);
      await mallory.tell('leave_project', { ...claim, user_id: String(world.alice.id) });
      await rename();
      for (const client of [alice, bob]) await client.next('task:updated');
      await allQuiet();
      const here = await world.skybuild(world.carol);
      await here.enter(project, world.alice, world.bob);
    });

    test('leaving what one has not entered is no departure', async () => {
      const elsewhere = await world.skybuild(world.bob);
      await elsewhere.leave(project);
      const carol = await world.skybuild(world.carol);
      await carol.leave(project);
      await allQuiet(elsewhere, carol);
    });

    test('hears nothing before he enters, even as a member', async () => {
      const carol = await world.skybuild(world.carol);
      await rename();
      await carol.quiet();
      await carol.enter(project, world.alice, world.bob);
      await rename('Newer');
      assert.deepEqual((await carol.next('task:updated')).updates, { title: 'Newer' });
      await carol.quiet();
    });
  });

  describe('presence', () => {
    test('a person with two sockets arrives once and leaves once', async () => {
      const [first, second] = [await world.skybuild(world.carol), await world.skybuild(world.carol)];
      await first.enter(project, world.alice, world.bob);
      await second.enter(project, world.alice, world.bob, world.carol);
      for (const client of [alice, bob]) await hears(client, 'user:joined', world.carol);
      await second.leave(project);
      await first.enter(project, world.alice, world.bob, world.carol);
      await allQuiet(first, second);
      first.close();
      for (const client of [alice, bob]) await hears(client, 'user:left', world.carol);
      await allQuiet(second);
    });

    test('the older socket may go first', async () => {
      const [first, second] = [await world.skybuild(world.carol), await world.skybuild(world.carol)];
      await first.enter(project, world.alice, world.bob);
      await second.enter(project, world.alice, world.bob, world.carol);
      for (const client of [alice, bob]) await hears(client, 'user:joined', world.carol);
      first.close();
      await allQuiet(second);
      second.close();
      for (const client of [alice, bob]) await hears(client, 'user:left', world.carol);
      await allQuiet();
    });

    test('a lost transport is a departure only after the grace, and none if he returns', async () => {
      const carol = await world.skybuild(world.carol);
      await carol.enter(project, world.alice, world.bob);
      for (const client of [alice, bob]) await hears(client, 'user:joined', world.carol);
      carol.lose();
      const returned = await world.skybuild(world.carol);
      await returned.enter(project, world.alice, world.bob, world.carol);
      const lost = performance.now();
      returned.lose();
      for (const client of [alice, bob]) await hears(client, 'user:left', world.carol);
      const waited = performance.now() - lost;
      assert.ok(waited >= GRACE_MS - 50, `the grace is ${GRACE_MS} ms, not ${waited}`);
      await allQuiet();
    });

    test('who is in several projects is told in each', async () => {
      const second = await world.project(world.alice, world.bob);
      await alice.enter(second);
      await bob.enter(second, world.alice);
      assert.deepEqual(await alice.next('user:joined'), who(world.bob, second));
      bob.close();
      const gone = [await alice.next('user:left'), await alice.next('user:left')];
      const projects = gone.map((told) => told.project_id).sort();
      assert.deepEqual(projects, [project, second].map((one) => String(one.id)).sort());
      await alice.quiet();
    });
  });

  describe('what is revoked on a live connection', () => {
    test('a membership: the others hear him leave, he hears nothing more', async () => {
      await world.alice.rest.delete(`${members()}/${world.bob.id}`);
      await hears(alice, 'user:left', world.bob);
      assert.deepEqual(await bob.next('error'), { message: DENIED });
      await rename();
      await alice.next('task:updated');
      await allQuiet();
      await bob.refused(DENIED, 'join_project', { project_id: String(project.id) });
      await world.alice.rest.post(members(), { user_id: world.bob.id });
      await bob.enter(project, world.alice);
      await hears(alice, 'user:joined', world.bob);
      await allQuiet();
    });

    test('the project', async () => {
      await world.alice.rest.delete(`/projects/${project.id}`);
      for (const client of [alice, bob]) {
        assert.deepEqual(await client.next('error'), { message: DENIED });
        await client.quiet({ presence: true });
        await client.refused(DENIED, 'join_project', { project_id: String(project.id) });
      }
      await allQuiet();
    });

    test('the token', async () => {
      const token = mint(claimsOf(world.carol.id, { exp: nowSeconds() + 3 }));
      const carol = new Skybuild(world.carol, { auth: { token }, transports: ['websocket'] });
      await carol.next('connected');
      await carol.enter(project, world.alice, world.bob);
      for (const client of [alice, bob]) await hears(client, 'user:joined', world.carol);
      assert.deepEqual(await carol.next('error'), { message: 'Not authenticated' });
      await carol.nextArgs('(disconnect)');
      for (const client of [alice, bob]) await hears(client, 'user:left', world.carol);
      await allQuiet();
    });
  });

  test('a project with clients of four apps: each hears the same once, in its own words', async () => {
    const url = `${world.server.url}/taskmanager`;
    const board = await Client.connected(world.alice, { options: { url, transports: ['websocket'] } });
    const envelope = await world.envelope(world.carol);
    const native = await NativeSocket.connected(world.bob);
    await native.ask('subscribe', { room: `project:${project.id}` });
    await envelope.join(`project:${project.id}`);
    // carol is told as arrived by whichever app she came through.
    for (const client of [alice, bob]) await hears(client, 'user:joined', world.carol);
    await board.drain();

    await board.tell('task_updated', {
      task_id: task.id,
      changes: { title: 'Of the board', status: 'completed' },
    });
    const updates = { title: 'Of the board', status: 'done' };
    for (const client of [alice, bob]) {
      assertShape(await client.next('task:updated'), taskUpdated(world.alice, task, updates));
    }
    assert.equal((await board.next('task_updated')).task.title, 'Of the board');
    assert.equal((await native.next('task.updated')).payload.task.id, task.id);
    assert.equal((await envelope.next('task.updated')).data.task_id, task.id);
    assert.equal((await envelope.next('task.status_changed')).data.new_status, 'done');

    const { data: made } = await native.ask('comment.create', { task_id: task.id, body: 'Wet.' });
    for (const client of [alice, bob]) {
      const shape = comment(world.bob, task, { id: made.id, body: 'Wet.' });
      assertShape(await client.next('comment:created'), shape);
    }
    assert.equal((await board.next('comment_added')).comment.id, made.id);

    await world.bob.rest.patch(`/tasks/${task.id}`, { assignee_id: world.carol.id });
    for (const client of [alice, bob]) await client.next('task:updated');
    await board.next('task_updated');
    assert.equal((await envelope.next('task.assigned')).data.assignee, 'carol');
    await envelope.next('notification.task_assigned');
    // Before the others: the board hears what happens in alice's own project as well.
    await board.quiet();
    await allQuiet();
    await envelope.quiet();
    native.close();
    board.close();
  });
});

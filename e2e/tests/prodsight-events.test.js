// The ProdSight app's contract: what its clients hear, field by field; rooms with clients of other
// apps; presence; and what strangers may not.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { envelopeClaims } from '../lib/envelope.js';
import { NativeSocket } from '../lib/native.js';
import { taskUpdate } from '../lib/prodsight.js';
import { Rest } from '../lib/rest.js';
import { assertShape } from '../lib/shapes.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { claimsOf, mint } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const PEOPLE = ['paula', 'carl', 'alice', 'bob', 'mallory'];

async function studio() {
  const world = await World.start(PEOPLE, { listen: ['prodsight'] });
  await world.setRole(world.paula, 'producer');
  await world.setRole(world.mallory, 'director');
  const project = await world.project(world.alice, world.paula, world.carl, world.bob);
  return { world, project };
}

for (const transport of TRANSPORTS) {
  describe(`prodsight: what is heard of tasks, on ${transport.name}`, () => {
    let [world, project, paula, carl] = [];
    before(async () => {
      ({ world, project } = await studio());
      paula = await world.prodsight(world.paula, transport);
      carl = await world.prodsight(world.carl, transport);
    });
    after(() => world.stop());

    const patch = (id, fields) => world.alice.rest.patch(`/tasks/${id}`, fields);
    const told = async (client, ...shape) => {
      const update = await client.next('task_update');
      assertShape(update, taskUpdate(...shape));
      return update;
    };

    test('made, changed and deleted, with all fields and with none', async () => {
      const whole = await world.task(world.alice, project, {
        title: 'Set up <b>camera</b>',
        description: 'Prepare & test',
        status: 'in_progress',
        priority: 'high',
        assignee_id: world.carl.id,
        due_date: '2024-10-15T23:30:00Z',
        category: 'Equipment',
        estimated_hours: 4.5,
      });
      for (const client of [paula, carl]) {
        const { task } = await told(client, 'created', whole, {
          assignee: world.carl.fullName,
          assigneeId: String(world.carl.id),
          dueDate: '2024-10-15',
          category: 'Equipment',
          estimatedHours: 4.5,
        });
        assert.equal(task.title, 'Set up <b>camera</b>', 'as it was written');
      }
      const nothing = { description: null, assignee_id: null, due_date: null, category: null, estimated_hours: null };
      const bare = await patch(whole.id, nothing);
      const empty = { description: '', assignee: '', assigneeId: '', dueDate: '', category: '', estimatedHours: 0 };
      await told(paula, 'updated', bare, empty);
      const before = await patch(whole.id, { assignee_id: world.paula.id });
      await told(paula, 'updated', before, { assignee: world.paula.fullName, assigneeId: String(world.paula.id) });
      await world.alice.rest.delete(`/tasks/${whole.id}`);
      await told(paula, 'deleted', before);
      await Promise.all([paula, carl].map((client) => client.quiet()));
    });

    test('words: what the app shows alike is not told', async () => {
      const task = await world.task(world.alice, project);
      const step = async (fields, words) => {
        const changed = await patch(task.id, fields);
        if (words) await told(paula, 'updated', changed, words);
        else await paula.quiet();
      };
      await told(paula, 'created', task, { status: 'todo', priority: 'medium' });
      await step({ status: 'review' }, { status: 'in_progress' });
      await step({ status: 'blocked' });
      await step({ status: 'in_progress' });
      await step({ status: 'cancelled' }, { status: 'done' });
      await step({ status: 'done' });
      await step({ status: 'todo' }, { status: 'todo' });
      await step({ priority: 'critical' }, { priority: 'high' });
      await step({ priority: 'high' });
      await step({ due_date: '2027-01-31T08:00:00Z' }, { dueDate: '2027-01-31' });
      await step({ due_date: '2027-01-31T20:00:00Z' });
      await step({ position: 17 });
      await step({ title: task.title });
      await step({ estimated_hours: 3, position: 18, status: 'todo' }, { estimatedHours: 3 });
    });

    test('what the app has no word for is not told', async () => {
      const task = await world.task(world.alice, project, { assignee_id: world.paula.id });
      await told(paula, 'created', task);
      const { id } = await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'Done?' });
      await world.alice.rest.patch(`/comments/${id}`, { body: 'Done!' });
      await world.alice.rest.patch(`/projects/${project.id}`, { name: 'Tunnel', status: 'active' });
      await world.alice.rest.patch(`/projects/${project.id}/members/${world.paula.id}`, { role: 'viewer' });
      await world.alice.rest.post('/projects', { name: 'Another' });
      await paula.quiet();
    });
  });
}

describe('prodsight: with clients of other apps', () => {
  let [world, project] = [];
  before(async () => ({ world, project } = await studio()));
  afterEach(() => world.closeClients());
  after(() => world.stop());

  test('one change is heard by each in the words of its app', async () => {
    const paula = await world.prodsight(world.paula);
    const [carl, bob] = [await world.prodsight(world.carl), await world.client(world.bob)];
    const envelope = await world.envelope(world.bob);
    await envelope.join(`project:${project.id}`);
    const native = await NativeSocket.connected(world.bob);
    assert.equal((await native.ask('subscribe', { room: `project:${project.id}` })).ok, true);

    const task = await world.task(world.alice, project);
    const fields = { title: 'Rig the lights', status: 'done', assignee_id: world.carl.id };
    const changed = await world.alice.rest.patch(`/tasks/${task.id}`, fields);
    await world.alice.rest.delete(`/tasks/${task.id}`);

    for (const action of ['created', 'updated', 'deleted']) {
      const shape = taskUpdate(action, action === 'created' ? task : changed);
      assertShape(await paula.next('task_update'), shape);
      if (action !== 'created') assertShape(await carl.next('task_update'), shape);
    }
    for (const word of ['task_created', 'task_updated', 'task_deleted']) await bob.next(word);
    for (const kind of ['created', 'updated', 'status_changed', 'assigned', 'deleted']) {
      const { data } = await envelope.next(`task.${kind}`);
      assert.equal(data.task_id, task.id);
      assert.equal((await native.next(`task.${kind}`)).payload.task.id, task.id);
    }
    for (const client of [paula, carl, bob, envelope]) await client.quiet();
    native.close();
  });

  test('what is asked for over the socket of another app is heard like any other change', async () => {
    const [paula, bob] = [await world.prodsight(world.paula), await world.client(world.bob)];
    const task = await world.task(world.alice, project);
    await bob.tell('task_status_changed', { task_id: task.id, new_status: 'completed' });
    await bob.tell('task_created', { task_id: task.id, project_id: project.id });
    const told = [await paula.next('task_update'), await paula.next('task_update')];
    assert.deepEqual(told.map(({ task: { status } }) => status), ['todo', 'done']);
    await paula.quiet();
  });

  test('an event of another back end is heard in the project by every role, once, as it is', async () => {
    const [paula, carl] = [await world.prodsight(world.paula), await world.prodsight(world.carl)];
    const mallory = await world.prodsight(world.mallory);
    await carl.enter(project.id);
    const claims = claimsOf('alice', envelopeClaims({ type: 'service' }));
    const service = new Rest(world.server.url, mint(claims));
    const event = { event: 'script_update', data: { action: 'updated', script: { title: 'S2' } } };
    await service.post('/events', { room: `project:${project.id}`, ...event });
    for (const client of [paula, carl]) assert.deepEqual(await client.next(event.event), event.data);
    for (const client of [paula, carl, mallory]) await client.quiet();
  });

  describe('presence', () => {
    let [bob, watched] = [];
    beforeEach(async () => {
      // A project of its own for every test: nobody is still in his grace there.
      watched = await world.project(world.bob, world.paula);
      bob = await world.client(world.bob);
    });

    const arrived = async (person) =>
      assert.equal((await bob.next('user_connected')).user_id, person.id);
    const gone = async (person) =>
      assert.equal((await bob.next('user_disconnected')).user_id, person.id);

    test('who only listens is not seen; who enters the room of a project is, once', async () => {
      const sockets = [await world.prodsight(world.paula), await world.prodsight(world.paula)];
      await bob.quiet({ presence: true });
      await sockets[0].enter(watched.id);
      await arrived(world.paula);
      await sockets[1].enter(watched.id);
      await sockets[0].enter(watched.id);
      await sockets[0].leave(watched.id);
      await bob.quiet({ presence: true });
      await sockets[1].leave(watched.id);
      await gone(world.paula);
      await bob.quiet({ presence: true });
      for (const socket of sockets) await socket.quiet();
    });

    test('a lost transport is a departure after the grace, a good-bye at once', async () => {
      const first = await world.prodsight(world.paula);
      await first.enter(watched.id);
      await arrived(world.paula);
      const lost = performance.now();
      first.lose();
      await gone(world.paula);
      assert.ok(performance.now() - lost >= 2_900, 'it was waited for');
      const second = await world.prodsight(world.paula);
      await second.enter(watched.id);
      await arrived(world.paula);
      const left = performance.now();
      second.close();
      await gone(world.paula);
      assert.ok(performance.now() - left < 2_900, 'a good-bye is not waited over');
    });

    test('who comes, goes and types is not told to this app', async () => {
      const paula = await world.prodsight(world.paula);
      await paula.enter(watched.id);
      const task = await world.task(world.bob, watched, { title: 'Quietly' });
      await paula.next('task_update');
      const other = await world.client(world.bob);
      await other.tell('user_typing', { task_id: task.id, is_typing: true });
      other.close();
      await paula.quiet();
    });
  });
});

describe('prodsight: what strangers may not', () => {
  let [world, project, task] = [];
  before(async () => {
    ({ world, project } = await studio());
    task = await world.task(world.alice, project);
  });
  after(() => world.stop());

  test('a director who does not belong to the project can cause nothing and hears nothing', async () => {
    const [paula, bob] = [await world.prodsight(world.paula), await world.client(world.bob)];
    const mallory = await world.prodsight(world.mallory);
    const cursor = await world.alice.rest.cursor();
    for (const written of [project.id, String(project.id), `0${project.id}`]) {
      await mallory.passedOver('join_project_room', { project_id: written });
    }
    const rooms = [`role_producer`, `user_${world.paula.id}`, `project_${project.id}`];
    for (const room of rooms) await mallory.tell('join_project_room', { project_id: room });
    const update = { action: 'deleted', task: { id: String(task.id) }, timestamp: 1 };
    for (const name of ['task_update', 'task_updated', 'task_deleted', 'join_project', 'join_room', 'user_typing']) {
      mallory.socket.emit(name, { ...update, task_id: task.id, project_id: project.id, room: rooms[0] });
    }
    await mallory.quiet();
    const { events } = await world.alice.rest.feed(cursor);
    assert.deepEqual(events, [], 'nothing was stored');
    await world.alice.rest.patch(`/tasks/${task.id}`, { title: 'Unheard' });
    assert.equal((await paula.next('task_update')).task.title, 'Unheard');
    await bob.next('task_updated');
    for (const client of [mallory, paula]) await client.quiet();
    await bob.quiet({ presence: true });
  });

  test('the room that is left is never another\'s', async () => {
    const [paula, mallory] = [await world.prodsight(world.paula), await world.prodsight(world.mallory)];
    await paula.enter(project.id);
    await mallory.leave(project.id);
    const present = await world.bob.rest.get('/websocket/status', { root: true });
    assert.ok(present.active_rooms > 0);
    await world.alice.rest.patch(`/tasks/${task.id}`, { title: 'Still heard' });
    assert.equal((await paula.next('task_update')).task.title, 'Still heard');
    await mallory.quiet();
  });
});

// A project where clients of Flux Studio, of the Task Manager app, of the Project Manager app and
// of the native protocol are together: each hears what happens once, in its own words.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { activityShape, doneBy, Flux, taskShape } from '../lib/flux.js';
import { NativeSocket } from '../lib/native.js';
import { World } from '../lib/world.js';

describe('flux among other dialects', () => {
  let world;
  let [flux, manager, envelope, native] = [];
  let [project, task] = [];

  before(async () => (world = await World.start(['alice', 'bob', 'carol', 'dave'])));
  after(() => world.stop());
  beforeEach(async () => {
    project = await world.project(world.alice, world.bob, world.carol, world.dave);
    task = await world.task(world.alice, project);
    flux = await Flux.connected(world.alice, { options: { namespace: '/flux' } });
    manager = await world.client(world.bob);
    envelope = await world.envelope(world.carol);
    await envelope.join(`project:${project.id}`);
    native = await NativeSocket.connected(world.dave);
    await native.ask('subscribe', { room: `project:${project.id}` });
    flux.say('join:project', { projectId: String(project.id) });
    await flux.sees(project, world.bob, world.carol, world.dave, world.alice);
    await Promise.all([flux, manager, envelope].map((client) => client.drain()));
  });
  afterEach(() => {
    [flux, native].forEach((client) => client.close());
    world.closeClients();
  });

  test('a change over REST is heard once by everybody', async () => {
    await world.bob.rest.patch(`/tasks/${task.id}`, { status: 'review' });
    const metadata = { field: 'status', oldValue: 'todo', newValue: 'review' };
    await flux.hears(
      'task:updated',
      {
        projectId: String(project.id),
        task: taskShape(world.alice, { id: String(task.id), status: 'review' }),
        ...doneBy(world.bob),
      },
      activityShape(world.bob, task, 'updated', metadata),
    );
    assert.equal((await manager.next('task_status_changed')).new_status, 'in_progress');
    assert.equal((await envelope.next('task.status_changed')).data.new_status, 'review');
    assert.equal((await native.next('task.status_changed')).payload.task.status, 'review');
    await Promise.all([flux.quiet(), manager.quiet(), envelope.quiet()]);
  });

  test('what a Task Manager client asks for is told in the words of Flux Studio', async () => {
    await manager.tell('task_status_changed', { task_id: task.id, new_status: 'completed' });
    const told = await flux.next('task:updated');
    assert.deepEqual([told.task.status, told.userId], ['completed', String(world.bob.id)]);
    assert.equal((await flux.next('activity:new')).type, 'task.completed');
    await flux.quiet();
  });

  test('claims of a Flux Studio client reach nobody', async () => {
    const projectId = String(project.id);
    flux.say('task:created', { projectId, task: { id: String(task.id) } });
    flux.say('task:updated', { projectId, task: { id: String(task.id), status: 'completed' } });
    flux.say('task:deleted', { projectId, taskId: String(task.id) });
    await Promise.all([flux.quiet(), manager.quiet(), envelope.quiet()]);
    assert.equal((await world.alice.rest.get(`/tasks/${task.id}`)).status, 'todo');
  });

  test('somebody is there while any client of his is, whatever it speaks', async () => {
    const second = await world.client(world.alice);
    flux.say('leave:project', { projectId: String(project.id) });
    const projectId = { project_id: project.id };
    await flux.quiet();
    await manager.tell('get_online_users', projectId);
    const { users } = await manager.next('online_users');
    assert.ok(users.some((user) => user.user_id === world.alice.id), 'she is there still');
    await flux.join(project);
    manager.close();
    await flux.sees(project, world.carol, world.dave, world.alice);
    second.close();
    envelope.close();
    await flux.sees(project, world.dave, world.alice);
    await native.ask('unsubscribe', { room: `project:${project.id}` });
    await flux.sees(project, world.alice);
  });

  test('a name that is changed is told at once, on connections that are open', async () => {
    const typed = { task_id: task.id, is_typing: true };
    await world.bob.rest.patch('/users/me', { full_name: 'Bob the Builder' });
    for (let users = []; !users.some((user) => user.name === 'Bob the Builder'); ) {
      users = await flux.list(project);
    }
    await manager.tell('user_typing', typed);
    assert.equal((await native.next('typing')).user.full_name, 'Bob the Builder');
    await manager.tell('get_online_users', { project_id: project.id });
    const { users } = await manager.next('online_users');
    const bob = users.find((user) => user.user_id === world.bob.id);
    assert.equal(bob.full_name, 'Bob the Builder');
    await world.bob.rest.patch('/users/me', { full_name: world.bob.fullName });
  });

  test('a listener of another dialect serves it in the namespace /flux alone', async () => {
    const elsewhere = new Flux(world.alice, { namespace: '/api' });
    assert.equal((await elsewhere.next('(connect_error)')).message, 'Invalid namespace');
    elsewhere.close();
  });
});

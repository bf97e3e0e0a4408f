// The clients of all five applications, unmodified, in one project: changes are made over REST with
// each person's token; every client hears every one of them once, in its own words, with ids and
// times of its own types. A seventh person, without membership, hears nothing and forges nothing.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { offset } from '../lib/envelope.js';
import { Flux } from '../lib/flux.js';
import { PythonClient } from '../lib/python.js';
import { Rest } from '../lib/rest.js';
import { Client } from '../lib/sockets.js';
import { World } from '../lib/world.js';

const LISTENERS = ['flux', 'prodsight', 'skybuild'];
const PEOPLE = ['manager', 'root_flux', 'api_flux', 'producer', 'rawie', 'builder', 'python'];

const naive = (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/.test(value);
const millis = (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);

describe('six applications\' clients in one project', () => {
  let world;
  let project;
  const clients = {};
  const at = (dialect, person) => {
    const url = world.server.urls[dialect];
    return { ...world[person], url, rest: new Rest(url, world[person].token) };
  };

  before(async () => {
    world = await World.start([...PEOPLE, 'mallory'], { listen: LISTENERS });
    await world.setRole(world.producer, 'producer');
    const [owner, ...members] = PEOPLE.map((name) => world[name]);
    project = await world.project(owner, ...members);
    clients.manager = await world.client(world.manager);
    for (const [name, namespace] of [['root_flux', '/'], ['api_flux', '/api']]) {
      clients[name] = await Flux.connected(at('flux', name), { options: { namespace } });
      clients[name].say('join:project', { projectId: String(project.id) });
      await clients[name].next('presence:update', (told) => told.projectId === String(project.id));
    }
    clients.producer = await world.prodsight(world.producer);
    clients.rawie = await world.envelope(world.rawie);
    await clients.rawie.join(`project:${project.id}`);
    clients.builder = await world.skybuild(at('skybuild', 'builder'));
    await clients.builder.tell('join_project', { project_id: String(project.id) });
    await clients.builder.next('joined_project');
    clients.python = new PythonClient();
    await clients.python.connect(world.server.urls.skybuild, { token: world.python.token }, ['websocket']);
    await clients.python.next('connected');
    await clients.python.call('join_project', { project_id: String(project.id) });
    await clients.python.next('joined_project');
    await Promise.all(Object.values(clients).map((client) => client.drain?.()));
  });
  after(async () => {
    [clients.root_flux, clients.api_flux, clients.python].forEach((client) => client?.close());
    await world.stop();
  });

  /** What each hears of a task that has come to be. */
  const created = async (task, by) => {
    const told = await clients.manager.next('task_created');
    assert.deepEqual([told.task.id, told.created_by.id], [task.id, by.id]);
    assert.ok(naive(told.timestamp), told.timestamp);
    for (const name of ['root_flux', 'api_flux']) {
      const flux = await clients[name].next('task:created');
      assert.deepEqual([flux.projectId, flux.task.id, flux.userId], [project.id, task.id, by.id].map(String));
      assert.ok(millis(flux.timestamp), flux.timestamp);
      assert.equal((await clients[name].next('activity:new')).type, 'task.created');
    }
    const sight = await clients.producer.next('task_update');
    assert.deepEqual([sight.action, sight.task.id, typeof sight.timestamp], ['created', String(task.id), 'number']);
    const raw = await clients.rawie.next('task.created');
    assert.deepEqual([raw.data.task_id, raw.sender], [task.id, by.name]);
    assert.ok(offset(raw.timestamp), raw.timestamp);
  };

  /** What each hears when it is done. */
  const done = async (task, by) => {
    const told = await clients.manager.next('task_status_changed');
    assert.deepEqual([told.task_id, told.new_status, told.changed_by.id], [task.id, 'completed', by.id]);
    for (const name of ['root_flux', 'api_flux']) {
      const flux = await clients[name].next('task:updated');
      assert.deepEqual([flux.task.id, flux.task.status], [String(task.id), 'completed']);
      assert.equal((await clients[name].next('activity:new')).type, 'task.completed');
    }
    const sight = await clients.producer.next('task_update');
    assert.deepEqual([sight.action, sight.task.status], ['updated', 'done']);
    const raw = await clients.rawie.next('task.status_changed');
    assert.deepEqual([raw.data.task_id, raw.data.new_status], [task.id, 'done']);
    for (const name of ['builder', 'python']) {
      assert.deepEqual(await clients[name].next('task:updated'), {
        project_id: String(project.id),
        task_id: task.id,
        updates: { status: 'done' },
        updated_by: String(by.id),
      });
    }
  };

  /** What each hears of a comment, where the app has a word for it. */
  const commented = async (comment, by) => {
    const told = await clients.manager.next('comment_added');
    assert.equal(told.comment.id, comment.id);
    for (const name of ['builder', 'python']) {
      const { comment_id: id, comment: said } = await clients[name].next('comment:created');
      assert.deepEqual([id, said.context_id, said.author_id], [comment.id, String(comment.task_id), String(by.id)]);
    }
  };

  /** What each hears when it is gone. */
  const deleted = async (task) => {
    assert.equal((await clients.manager.next('task_deleted')).task_id, task.id);
    for (const name of ['root_flux', 'api_flux']) {
      assert.equal((await clients[name].next('task:deleted')).taskId, String(task.id));
      assert.equal((await clients[name].next('activity:new')).type, 'task.deleted');
    }
    assert.equal((await clients.producer.next('task_update')).action, 'deleted');
    assert.equal((await clients.rawie.next('task.deleted')).data.task_id, task.id);
  };

  const nothingMore = async () => {
    const { manager, root_flux: root, api_flux: api, producer, rawie, builder, python } = clients;
    await Promise.all([manager, root, api, producer, rawie, builder].map((client) => client.quiet()));
    await python.call('ping', { timestamp: 'last' });
    await python.next('pong');
    assert.deepEqual(python.names().filter((name) => /task|comment/.test(name)), []);
  };

  for (const name of PEOPLE) {
    test(`what ${name} changes is heard by all of them, once`, async () => {
      const by = world[name];
      const task = await world.task(by, project, { title: `By ${name}` });
      await created(task, by);
      const comment = await by.rest.post(`/tasks/${task.id}/comments`, { body: 'Well done' });
      await commented(comment, by);
      await by.rest.patch(`/tasks/${task.id}`, { status: 'done' });
      await done(task, by);
      await by.rest.delete(`/tasks/${task.id}`);
      await deleted(task);
      await clients.manager.drain();
      await nothingMore();
    });
  }

  test('who does not belong hears nothing and can cause nothing', async () => {
    const id = String(project.id);
    const task = await world.task(world.manager, project, { title: 'Secret' });
    await created(task, world.manager);
    const mallory = await world.client(world.mallory);
    const flux = await Flux.connected(at('flux', 'mallory'));
    const sky = new Client(at('skybuild', 'mallory'), {
      url: world.server.urls.skybuild,
      query: {},
      auth: { token: world.mallory.token },
    });
    await sky.next('connected');
    const raw = await world.envelope(world.mallory);
    const cursor = await world.manager.rest.cursor();

    await mallory.refused('Access denied to project', 'join_project', { project_id: project.id });
    await mallory.refused('Task not found', 'task_status_changed', { task_id: task.id, project_id: project.id, new_status: 'completed' });
    await mallory.refused('Task not found', 'task_deleted', { task_id: task.id, project_id: project.id });
    flux.say('join:project', { projectId: id });
    assert.match((await flux.next('error')).message, /Access denied to project|Project not found/);
    flux.say('task:created', { projectId: id, task: { id: String(task.id), title: 'Forged' } });
    await flux.next('error');
    sky.socket.emit('join_project', { project_id: id });
    assert.equal((await sky.next('error')).message, 'Access denied to project');
    sky.socket.emit('leave_project', { project_id: id });
    raw.say({ type: 'join_room', room: `project:${id}` });
    assert.match((await raw.next('error')).data.error, /Access denied/);
    raw.say({ type: 'send_message', room: `project:${id}`, data: { content: 'forged' } });
    await raw.next('error');

    await world.manager.rest.patch(`/tasks/${task.id}`, { status: 'done' });
    await done(task, world.manager);
    await clients.manager.drain();
    await nothingMore();
    const { events } = await world.manager.rest.feed(cursor);
    assert.deepEqual(events.map(({ kind }) => kind).filter((kind) => kind.startsWith('task')).at(0), 'task.status_changed');
    assert.ok(events.every(({ actor }) => actor.username !== 'mallory'));
    assert.deepEqual(sky.heard.filter(({ name }) => name.startsWith('task')), []);
    sky.close();
    flux.close();
  });
});

// The SkyBuild Pro app's contract as the stock Python client of Socket.IO speaks it: `connected` is
// an ordinary event, and every handler takes one argument.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { PythonClient } from '../lib/python.js';
import { assertShape, id, text } from '../lib/shapes.js';
import { comment, taskUpdated, who } from '../lib/skybuild.js';
import { World } from '../lib/world.js';

/** What the client is asked for, and what it ends on; null is its own default. */
const TRANSPORTS = [
  [['websocket'], 'websocket'],
  [['polling'], 'polling'],
  [null, 'websocket'],
];

describe('skybuild: the stock Python client', () => {
  let world;
  let python;
  let alice;
  let [project, task] = [];

  before(async () => (world = await World.start(['alice', 'bob'], { dialect: 'skybuild' })));
  after(() => world.stop());
  beforeEach(async () => {
    world.closeClients();
    project = await world.project(world.alice, world.bob);
    task = await world.task(world.alice, project);
    alice = await world.skybuild(world.alice);
    await alice.enter(project);
    python = new PythonClient();
  });
  afterEach(() => python.close());

  /** Whatever was told is read, and nothing follows it. */
  const nothingUnread = async () => {
    await alice.quiet();
    await python.call('ping', { timestamp: 'last' });
    assert.deepEqual(await python.next('pong'), { timestamp: 'last' });
    assert.deepEqual(python.names(), []);
  };
  const bothHear = async (name, shape) => {
    assertShape(await alice.next(name), shape, name);
    assertShape(await python.next(name), shape, name);
  };

  for (const [transports, ends] of TRANSPORTS) {
    test(`hears every event on ${transports ?? 'polling, then upgraded'}`, async () => {
      const projectId = String(project.id);
      const found = await python.connect(world.server.url, { token: world.bob.token }, transports);
      assert.equal(found, ends);
      await python.next('(connect)');
      assert.deepEqual(await python.next('connected'), {
        user_id: String(world.bob.id),
        message: 'Successfully connected to real-time server',
      });

      assert.equal(await python.call('join_project', { project_id: projectId }), null);
      const message = `Joined project ${projectId}`;
      assert.deepEqual(await python.next('joined_project'), { project_id: projectId, message });
      assert.deepEqual(await python.next('user:joined'), who(world.alice, project));
      assert.deepEqual(await alice.next('user:joined'), who(world.bob, project));
      await nothingUnread();

      const bob = world.bob.id;
      const patch = (fields) => world.alice.rest.patch(`/tasks/${task.id}`, fields);
      await patch({ status: 'review', priority: 'critical', assignee_id: bob });
      const updates = { status: 'in_progress', priority: 'urgent', assignee_id: String(bob) };
      await bothHear('task:updated', taskUpdated(world.alice, task, updates));
      // The library hears each message in a thread of its own, so two of one name in any order.
      const notified = async (...sentences) => {
        const found = [];
        for (const _ of sentences) found.push(await python.next('notification:new'));
        for (const told of found) assertShape(told, { id, message: text, type: 'info' });
        assert.deepEqual(found.map((told) => told.message).sort(), sentences);
      };
      await notified(
        'Alice Example assigned "Pour concrete" to you',
        'Alice Example moved "Pour concrete" to in_progress',
      );

      const { id: made } = await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'ü' });
      const told = (body, edited) => comment(world.alice, task, { id: made, body, edited });
      await bothHear('comment:created', told('ü', false));
      await notified('Alice Example commented on "Pour concrete"');
      await world.alice.rest.patch(`/comments/${made}`, { body: 'Dry.' });
      await bothHear('comment:updated', told('Dry.', true));
      await world.alice.rest.delete(`/comments/${made}`);
      await bothHear('comment:deleted', told('Dry.', true));
      await nothingUnread();

      await python.call('ping', { timestamp: 1764000000.5 });
      assert.deepEqual(await python.next('pong'), { timestamp: 1764000000.5 });
      for (const nothing of [null, 'x', 7, {}]) {
        assert.equal(await python.call('join_project', nothing), null);
        assert.deepEqual(await python.next('error'), { message: 'project_id required' });
      }
      await python.call('join_project', { project_id: String(world.alice.home.id) });
      assert.deepEqual(await python.next('error'), { message: 'Access denied to project' });

      await alice.leave(project);
      assert.deepEqual(await python.next('user:left'), who(world.alice, project));
      await alice.enter(project, world.bob);
      assert.deepEqual(await python.next('user:joined'), who(world.alice, project));
      assert.equal(await python.call('leave_project', { project_id: projectId }), null);
      assert.deepEqual(await alice.next('user:left'), who(world.bob, project));
      await python.call('join_project', { project_id: projectId });
      await python.next('joined_project');
      await python.next('user:joined');
      assert.deepEqual(await alice.next('user:joined'), who(world.bob, project));
      await nothingUnread();

      await python.disconnect();
      await python.next('(disconnect)');
      assert.deepEqual(await alice.next('user:left'), who(world.bob, project));
      await alice.quiet();
    });

    test(`is told why it is refused on ${transports ?? 'polling, then upgraded'}`, async () => {
      await python.connect(world.server.url, null, transports);
      assert.deepEqual(await python.next('(connect_error)'), { message: 'Authentication required' });
      const second = new PythonClient();
      await second.connect(world.server.url, { token: 'nonsense' }, transports);
      assert.deepEqual(await second.next('(connect_error)'), { message: 'Authentication failed' });
      await second.close();
    });
  }
});

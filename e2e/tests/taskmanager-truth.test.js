// What is told is what is stored: changes over REST reach sockets in the app's words, requests
// over sockets reach the store, and claims of what has happened already are swallowed.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { World } from '../lib/world.js';

describe('taskmanager: what is told is what is stored', () => {
  let world;
  let [alice, bob, carol] = [];
  let [project, task] = [];

  before(async () => {
    world = await World.start(['alice', 'bob', 'carol']);
    [alice, bob, carol] = await world.clients(undefined, world.alice, world.bob, world.carol);
  });
  after(() => world.stop());
  beforeEach(async () => {
    project = await world.project(world.alice, world.bob, world.carol);
    task = await world.task(world.alice, project, { assignee_id: world.carol.id });
    await Promise.all([alice, bob, carol].map((client) => client.drain()));
  });

  const patch = (person, fields) => person.rest.patch(`/tasks/${task.id}`, fields);
  const stored = () => world.alice.rest.get(`/tasks/${task.id}`);
  const allQuiet = () => Promise.all([alice, bob, carol].map((client) => client.quiet()));

  describe('over REST', () => {
    test('fields: one task_updated with the new values', async () => {
      await patch(world.bob, { title: 'New', description: 'More', priority: 'critical' });
      const { task_id: taskId, changes } = await alice.next('task_updated');
      assert.equal(taskId, task.id);
      assert.deepEqual(changes, { title: 'New', description: 'More', priority: 'critical' });
      await alice.quiet();
    });

    test('status alone: one task_status_changed', async () => {
      await patch(world.bob, { status: 'done' });
      const told = await alice.next('task_status_changed');
      assert.deepEqual([told.old_status, told.new_status], ['pending', 'completed']);
      await alice.quiet();
      assert.equal((await carol.next('notification')).type, 'task_status_changed');
    });

    test('title and status: one task_updated with both', async () => {
      await patch(world.bob, { title: 'New', status: 'in_progress' });
      const { changes } = await alice.next('task_updated');
      assert.deepEqual(changes, { title: 'New', status: { old: 'pending', new: 'in_progress' } });
      await alice.quiet();
      await carol.next('task_updated');
      assert.equal((await carol.next('notification')).type, 'task_status_changed');
      await carol.quiet();
    });

    test('status and assignee: one task_updated, and the new assignee is notified', async () => {
      await patch(world.alice, { status: 'done', assignee_id: world.bob.id });
      const { changes, task: told } = await carol.next('task_updated');
      assert.deepEqual(changes, {
        status: { old: 'pending', new: 'completed' },
        assigned_to: world.bob.id,
      });
      assert.equal(told.assigned_to, world.bob.id);
      await carol.quiet();
      await bob.next('task_updated');
      assert.equal((await bob.next('notification')).type, 'task_status_changed');
      await bob.quiet();
    });

    test('equal values, and fields that the app does not know: nothing', async () => {
      await patch(world.bob, { title: task.title, status: 'todo' });
      await patch(world.bob, { estimated_hours: 8, category: 'concrete' });
      await allQuiet();
    });

    test('deletion, and the project itself', async () => {
      await world.alice.rest.delete(`/tasks/${task.id}`);
      assert.equal((await bob.next('task_deleted')).task_title, task.title);
      await world.alice.rest.patch(`/projects/${project.id}`, { name: 'Tunnel', status: 'completed' });
      const told = await bob.next('project_updated');
      assert.deepEqual(told.changes, { name: 'Tunnel' });
      assert.equal(told.project.status, 'active', 'the app\'s projects are always active');
      await world.alice.rest.patch(`/projects/${project.id}`, { status: 'archived' });
      await bob.quiet();
    });

    test('a comment on somebody else\'s task notifies nobody but the assignee', async () => {
      await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'hello' });
      for (const client of [alice, bob, carol]) await client.next('comment_added');
      assert.equal((await carol.next('notification')).type, 'comment_added');
      await allQuiet();
      await world.carol.rest.post(`/tasks/${task.id}/comments`, { body: 'my own' });
      for (const client of [alice, bob, carol]) await client.next('comment_added');
      await allQuiet();
    });

    test('markup in texts that people write is escaped in every place', async () => {
      const bold = '<b>bold</b> & "quoted"';
      const told = '&lt;b>bold&lt;/b> & "quoted"';
      await patch(world.bob, { title: bold, description: bold });
      const { changes, task: shown } = await alice.next('task_updated');
      assert.deepEqual(changes, { title: told, description: told });
      assert.deepEqual([shown.title, shown.description], [told, told]);
      await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: bold });
      const added = await alice.next('comment_added');
      assert.deepEqual([added.comment.comment_text, added.task.title], [told, told]);
      await carol.next('notification').then(({ message }) => {
        assert.equal(message, `Bob Example commented on "${told}"`);
      });
      assert.equal((await stored()).title, bold, 'the store keeps what was written');
    });
  });

  describe('requests over a socket', () => {
    test('task_updated.changes are stored', async () => {
      await bob.tell('task_updated', {
        task_id: task.id,
        changes: { title: 'Asked', assigned_to: world.bob.id, due_date: '2026-12-31', weather: 'fine' },
      });
      const now = await stored();
      assert.deepEqual([now.title, now.assignee_id], ['Asked', world.bob.id]);
      assert.match(now.due_date, /^2026-12-31T00:00:00/);
      assert.equal((await alice.next('task_updated')).task.title, 'Asked');
      await alice.quiet();
    });

    test('a change written as old and new means its new', async () => {
      const changes = { status: { old: 'pending', new: 'completed' } };
      await bob.tell('task_updated', { task_id: task.id, changes });
      assert.equal((await stored()).status, 'done');
      assert.equal((await alice.next('task_status_changed')).new_status, 'completed');
    });

    test('task_status_changed is stored', async () => {
      const change = { task_id: task.id, old_status: 'pending', new_status: 'cancelled' };
      await bob.tell('task_status_changed', change);
      assert.equal((await stored()).status, 'cancelled');
    });

    test('task_deleted is done', async () => {
      await alice.tell('task_deleted', { task_id: task.id, project_id: project.id });
      await world.alice.rest.refused(404, 'GET', `/tasks/${task.id}`);
    });

    test('project_updated is stored', async () => {
      const changes = { name: 'Asked', description: 'for' };
      await alice.tell('project_updated', { project_id: project.id, changes });
      const now = await world.alice.rest.get(`/projects/${project.id}`);
      assert.deepEqual([now.name, now.description], ['Asked', 'for']);
    });
  });

  describe('claims of what has happened already', () => {
    test('task_created and comment_added after REST', async () => {
      const made = await world.task(world.bob, project);
      const comment = await world.bob.rest.post(`/tasks/${made.id}/comments`, { body: 'hello' });
      await Promise.all([alice, bob, carol].map((client) => client.drain()));
      await bob.tell('task_created', { task_id: made.id, project_id: project.id });
      await bob.tell('comment_added', { comment_id: comment.id, task_id: made.id });
      await allQuiet();
    });

    test('a change that the same person has just made', async () => {
      await patch(world.bob, { status: 'done' });
      await patch(world.bob, { title: 'New' });
      await Promise.all([alice, bob, carol].map((client) => client.drain()));
      const claim = { task_id: task.id, old_status: 'pending', new_status: 'completed' };
      await bob.tell('task_status_changed', claim);
      await bob.tell('task_updated', { task_id: task.id, changes: { title: 'New' } });
      await allQuiet();
    });

    test('it does not undo what somebody did meanwhile', async () => {
      await patch(world.bob, { title: 'Of bob' });
      await patch(world.alice, { title: 'Of alice' });
      await Promise.all([alice, bob, carol].map((client) => client.drain()));
      await bob.tell('task_updated', { task_id: task.id, changes: { title: 'Of bob' } });
      await allQuiet();
      assert.equal((await stored()).title, 'Of alice');
    });

    test('a stale old_status', async () => {
      await patch(world.alice, { status: 'cancelled' });
      await Promise.all([alice, bob, carol].map((client) => client.drain()));
      const stale = { task_id: task.id, old_status: 'pending', new_status: 'completed' };
      await bob.tell('task_status_changed', stale);
      await bob.tell('task_status_changed', { ...stale, old_status: 'no such word' });
      await allQuiet();
      assert.equal((await stored()).status, 'cancelled');
    });

    test('what the app shows for a status it has no word for destroys nothing', async () => {
      await patch(world.alice, { status: 'blocked' });
      await Promise.all([alice, bob, carol].map((client) => client.drain()));
      await bob.tell('task_status_changed', { task_id: task.id, new_status: 'in_progress' });
      await bob.tell('task_updated', { task_id: task.id, changes: { status: 'in_progress' } });
      await allQuiet();
      assert.equal((await stored()).status, 'blocked');
      const change = { task_id: task.id, old_status: 'in_progress', new_status: 'completed' };
      await bob.tell('task_status_changed', change);
      assert.equal((await alice.next('task_status_changed')).old_status, 'in_progress');
      assert.equal((await stored()).status, 'done');
    });
  });
});

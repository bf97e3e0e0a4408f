// The Task Manager app's contract, section 10: who does not belong to a project can neither change
// nor hear nor forge anything in it, and rights that change are felt at once.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { World } from '../lib/world.js';

describe('taskmanager, section 10: rights', () => {
  let world;
  let [alice, bob, mallory] = [];
  let [project, task, comment, own] = [];

  before(async () => (world = await World.start(['alice', 'bob', 'mallory'])));
  after(() => world.stop());
  afterEach(() => world.closeClients());
  beforeEach(async () => {
    project = await world.project(world.alice, world.bob);
    task = await world.task(world.alice, project);
    comment = await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'hello' });
    own = await world.project(world.mallory);
    [alice, bob, mallory] = await world.clients(undefined, world.alice, world.bob, world.mallory);
  });

  const memberships = () => `/projects/${project.id}/members`;

  describe('a stranger', () => {
    const refusals = {
      join_project: [() => ({ project_id: project.id }), 'Access denied to project'],
      get_online_users: [() => ({ project_id: project.id }), 'Access denied to project'],
      task_created: [() => ({ task_id: task.id, project_id: project.id }), 'Task not found'],
      task_updated: [() => ({ task_id: task.id, changes: { title: 'forged' } }), 'Task not found'],
      task_status_changed: [() => ({ task_id: task.id, new_status: 'completed' }), 'Task not found'],
      task_deleted: [() => ({ task_id: task.id, project_id: project.id }), 'Task not found'],
      comment_added: [
        () => ({ comment_id: comment.id, task_id: task.id }),
        'Comment or task not found',
      ],
      project_updated: [
        () => ({ project_id: project.id, changes: { name: 'forged' } }),
        'Project not found',
      ],
    };
    for (const [name, [payload, text]] of Object.entries(refusals)) {
      test(`${name} is refused, and nobody hears of it`, async () => {
        const before = await world.alice.rest.cursor();
        await mallory.refused(text, name, payload());
        assert.equal(await world.alice.rest.cursor(), before, 'nothing was stored');
        await Promise.all([alice, bob, mallory].map((client) => client.quiet()));
      });
    }

    test('naming one\'s own project opens no door to somebody else\'s task', async () => {
      const claim = { task_id: task.id, project_id: own.id };
      await mallory.refused('Task not found', 'task_created', claim);
      await mallory.refused('Task not found', 'task_deleted', claim);
      await Promise.all([alice, bob, mallory].map((client) => client.quiet()));
      assert.equal((await world.alice.rest.get(`/tasks/${task.id}`)).title, task.title);
    });

    test('naming somebody else\'s project sends nothing there', async () => {
      const mine = await world.task(world.mallory, own);
      await mallory.next('task_created');
      await mallory.tell('task_created', { task_id: mine.id, project_id: project.id });
      await mallory.tell('task_deleted', { task_id: mine.id, project_id: project.id });
      assert.equal((await mallory.next('task_deleted')).project_id, own.id);
      await Promise.all([alice, bob].map((client) => client.quiet()));
    });

    test('user_typing is passed over', async () => {
      await mallory.tell('user_typing', { task_id: task.id, is_typing: true });
      await Promise.all([alice, bob, mallory].map((client) => client.quiet()));
    });

    test('a refusal does not tell whether there is such a thing', async () => {
      const never = 999_999_999;
      await mallory.refused('Task not found', 'task_updated', { task_id: never });
      await mallory.refused('Project not found', 'project_updated', { project_id: never });
      await mallory.refused('Access denied to project', 'join_project', { project_id: never });
    });
  });

  test('a viewer hears, but changes nothing', async () => {
    await world.alice.rest.post(memberships(), { user_id: world.mallory.id, role: 'viewer' });
    const change = { task_id: task.id, new_status: 'completed' };
    await mallory.refused('Access denied', 'task_status_changed', change);
    await bob.refused('Access denied', 'project_updated', {
      project_id: project.id,
      changes: { name: 'not by a member' },
    });
    await world.bob.rest.patch(`/tasks/${task.id}`, { title: 'New' });
    assert.equal((await mallory.next('task_updated')).task.title, 'New');
    await mallory.quiet();
  });

  test('the owner hears his project and may join it', async () => {
    await alice.tell('join_project', { project_id: project.id });
    assert.equal((await alice.next('joined_project')).room, `project_${project.id}`);
    await world.bob.rest.patch(`/tasks/${task.id}`, { title: 'New' });
    await alice.next('task_updated');
    await alice.quiet();
  });

  test('a membership that is granted opens the room of live connections at once', async () => {
    await world.bob.rest.patch(`/tasks/${task.id}`, { title: 'Before' });
    await mallory.quiet();
    await world.alice.rest.post(memberships(), { user_id: world.mallory.id, role: 'member' });
    await world.bob.rest.patch(`/tasks/${task.id}`, { title: 'After' });
    assert.equal((await mallory.next('task_updated')).task.title, 'After');
    await mallory.tell('task_status_changed', { task_id: task.id, new_status: 'completed' });
    assert.equal((await mallory.next('task_status_changed')).changed_by.id, world.mallory.id);
  });

  test('a membership that is revoked closes it at once', async () => {
    await world.alice.rest.delete(`${memberships()}/${world.bob.id}`);
    await world.alice.rest.patch(`/tasks/${task.id}`, { title: 'Secret' });
    await alice.tell('user_typing', { task_id: task.id, is_typing: true });
    assert.equal((await alice.next('task_updated')).task.title, 'Secret');
    assert.deepEqual(await bob.next('error'), { message: 'Access denied to project' });
    await bob.quiet();
    await bob.refused('Access denied to project', 'join_project', { project_id: project.id });
    await bob.refused('Task not found', 'task_updated', { task_id: task.id });
    await world.bob.rest.refused(404, 'GET', `/tasks/${task.id}`);
  });

  test('a project that is deleted takes its rooms with it', async () => {
    await world.alice.rest.delete(`/projects/${project.id}`);
    for (const client of [alice, bob]) {
      assert.deepEqual(await client.next('error'), { message: 'Access denied to project' });
    }
    await bob.refused('Access denied to project', 'join_project', { project_id: project.id });
    await bob.refused('Task not found', 'task_updated', { task_id: task.id });
    await Promise.all([alice, bob].map((client) => client.quiet()));
  });

  test('an assignee outside the project is refused', async () => {
    await bob.tell('task_updated', { task_id: task.id, changes: { assigned_to: world.mallory.id } });
    assert.match((await bob.next('error')).message, /assignee|assigned_to/);
    assert.equal((await world.alice.rest.get(`/tasks/${task.id}`)).assignee_id, null);
    await mallory.quiet();
  });
});

// The Project Manager app's contract: what happens in projects, notifications, and a room in
// which clients of both apps listen.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { inRoom, offset, toOne } from '../lib/envelope.js';
import { actor, assertShape, naive } from '../lib/shapes.js';
import { World } from '../lib/world.js';

const DUE = '2026-12-31T23:59:59.000000+00:00';

describe('envelope: events', () => {
  let world;
  let [alice, bob] = [];
  let project;
  let room;

  before(async () => {
    world = await World.start(['alice', 'bob', 'mallory']);
  });
  after(() => world.stop());
  beforeEach(async () => {
    // alice owns, bob works; each test has a project and sockets of its own.
    world.closeClients();
    project = await world.project(world.alice, world.bob);
    room = `project:${project.id}`;
    [alice, bob] = await Promise.all([world.envelope(world.alice), world.envelope(world.bob)]);
    await alice.join(room);
    await bob.join(room);
    await alice.next('user_joined');
  });

  /** Both hear this of `person` next. */
  const bothHear = async (type, person, content) => {
    for (const client of [alice, bob]) {
      assertShape(await client.next(type), inRoom(type, room, person, content));
    }
  };
  const bothQuiet = async () => {
    await alice.quiet();
    await bob.quiet();
  };
  const newTask = async (fields) => {
    const task = await world.task(world.alice, project, fields);
    for (const client of [alice, bob]) await client.next('task.created');
    return task;
  };
  const patch = (person, task, fields) => person.rest.patch(`/tasks/${task.id}`, fields);

  describe('in a project', () => {
    test('task.created', async () => {
      const fields = { title: 'T <b>1', priority: 'critical', status: 'blocked' };
      const task = await world.task(world.bob, project, { ...fields, assignee_id: world.bob.id });
      await bothHear('task.created', world.bob, {
        task_id: task.id,
        title: 'T <b>1',
        status: 'in_progress',
        priority: 'urgent',
        assignee: 'bob',
        creator: 'bob',
      });
      await world.task(world.alice, project);
      for (const client of [alice, bob]) {
        const { data } = await client.next('task.created');
        assert.deepEqual([data.assignee, data.status, data.priority], [null, 'todo', 'medium']);
      }
      await bothQuiet();
    });

    test('task.updated, with the new values of what changed and nothing else', async () => {
      const task = await newTask();
      await patch(world.bob, task, { title: 'New' });
      await bothHear('task.updated', world.bob, { task_id: task.id, changes: { title: 'New' } });
      await patch(world.alice, task, {
        description: 'd',
        priority: 'critical',
        due_date: '2026-12-31T23:59:59Z',
        estimated_hours: 2.5,
      });
      const changes = { description: 'd', priority: 'urgent', due_date: DUE, estimated_hours: 2.5 };
      await bothHear('task.updated', world.alice, { task_id: task.id, changes });
      await patch(world.alice, task, { description: null, due_date: null });
      const none = { description: null, due_date: null };
      await bothHear('task.updated', world.alice, { task_id: task.id, changes: none });
      await bothQuiet();
    });

    test('task.status_changed', async () => {
      const task = await newTask();
      const change = async (status, words) => {
        await patch(world.bob, task, { status });
        if (!words) return;
        const [old, now] = words;
        const content = { task_id: task.id, old_status: old, new_status: now, changed_by: 'bob' };
        await bothHear('task.status_changed', world.bob, content);
      };
      await change('in_progress', ['todo', 'in_progress']);
      // The app has one word for both: nothing has changed in it.
      await change('blocked');
      await change('review', ['in_progress', 'review']);
      await change('done', ['review', 'done']);
      await change('cancelled', ['done', 'archived']);
      await bothQuiet();
    });

    test('task.assigned, and taken away again', async () => {
      const task = await newTask({ title: 'T1' });
      await patch(world.alice, task, { assignee_id: world.alice.id });
      await bothHear('task.assigned', world.alice, { task_id: task.id, assignee: 'alice', title: 'T1' });
      await patch(world.alice, task, { assignee_id: null });
      await bothHear('task.assigned', world.alice, { task_id: task.id, assignee: null, title: 'T1' });
      await bothQuiet();
    });

    test('one request of title, status and assignee: three events in their order', async () => {
      const task = await newTask();
      await patch(world.bob, task, { assignee_id: world.bob.id, status: 'done', title: 'New' });
      await bothHear('task.updated', world.bob, { task_id: task.id, changes: { title: 'New' } });
      await bothHear('task.status_changed', world.bob, {
        task_id: task.id,
        old_status: 'todo',
        new_status: 'done',
        changed_by: 'bob',
      });
      await bothHear('task.assigned', world.bob, { task_id: task.id, assignee: 'bob', title: 'New' });
      await bothQuiet();
    });

    test('task.deleted', async () => {
      const task = await newTask();
      await world.alice.rest.delete(`/tasks/${task.id}`);
      await bothHear('task.deleted', world.alice, { task_id: task.id });
      await bothQuiet();
    });

    test('project.updated and project.archived', async () => {
      const change = (fields) => world.alice.rest.patch(`/projects/${project.id}`, fields);
      const told = (changes) => bothHear('project.updated', world.alice, { project_id: project.id, changes });
      await change({ name: 'New', description: 'd' });
      await told({ name: 'New', description: 'd' });
      await change({ status: 'on_hold', start_date: '2026-12-01', end_date: '2026-12-31' });
      await told({ status: 'on_hold', start_date: '2026-12-01', end_date: '2026-12-31' });
      await change({ start_date: null, end_date: null });
      await told({ start_date: null, end_date: null });
      await change({ status: 'archived' });
      await bothHear('project.archived', world.alice, { project_id: project.id });
      await bothQuiet();
    });

    test('a deleted project is told as archived, and heard no more', async () => {
      await world.alice.rest.delete(`/projects/${project.id}`);
      await bothHear('project.archived', world.alice, { project_id: project.id });
      for (const client of [alice, bob]) await client.complaint(`Access denied to room ${room}`);
      await bothQuiet();
      await bob.refused(`Not a member of room ${room}`, { type: 'send_message', room });
      await bothQuiet();
    });

    test('what is done without a change, and comments, are not told', async () => {
      const task = await newTask({ title: 'T1' });
      await patch(world.alice, task, { title: 'T1', status: 'todo' });
      await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: 'Wet.' });
      await bothQuiet();
    });

    test('who has left the room, or never entered it, hears nothing', async () => {
      await bob.leave(room);
      await alice.next('user_left');
      await newTaskHeardBy(alice);
      await bob.quiet();
    });

    test('who is taken out of the project hears nothing more, though he stays connected', async () => {
      const members = `/projects/${project.id}/members`;
      await world.alice.rest.delete(`${members}/${world.bob.id}`);
      await alice.next('user_left');
      await bob.complaint(`Access denied to room ${room}`);
      await newTaskHeardBy(alice);
      alice.say({ type: 'send_message', room, data: { content: 'ours' } });
      await alice.next('message');
      await bob.refused(`Not a member of room ${room}`, { type: 'send_message', room });
      await bob.refused(`Access denied to room ${room}`, { type: 'join_room', room });
      await bothQuiet();
      await world.alice.rest.post(members, { user_id: world.bob.id });
      await bob.join(room);
      await alice.next('user_joined');
      await newTask();
      await bothQuiet();
    });

    const newTaskHeardBy = async (client) => {
      await world.task(world.alice, project);
      await client.next('task.created');
    };
  });

  describe('notifications, which need no room', () => {
    let elsewhere;
    beforeEach(async () => (elsewhere = await world.envelope(world.bob)));

    test('notification.task_assigned, to every socket of the assignee', async () => {
      const task = await newTask({ title: 'T1' });
      await patch(world.alice, task, { assignee_id: world.bob.id });
      await bothHear('task.assigned', world.alice, { task_id: task.id, assignee: 'bob', title: 'T1' });
      const content = {
        task_id: task.id,
        task_title: 'T1',
        assigned_by: 'alice',
        project_id: project.id,
      };
      for (const client of [bob, elsewhere]) {
        const told = await client.next('notification.task_assigned');
        assertShape(told, toOne('notification.task_assigned', content));
      }
      for (const client of [alice, bob, elsewhere]) await client.quiet();
    });

    test('notification.new of a status and of a comment', async () => {
      const task = await newTask({ title: 'T1', assignee_id: world.bob.id });
      for (const client of [bob, elsewhere]) await client.next('notification.task_assigned');
      const told = async (title, message) => {
        const link = `/project/${project.id}`;
        const frame = await elsewhere.next('notification.new');
        assertShape(frame, toOne('notification.new', { title, message, link, priority: 'normal' }));
      };
      await patch(world.alice, task, { status: 'review' });
      await told('Task status changed', 'Alice Example changed "T1" to review');
      await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'Wet.' });
      await told('New comment', 'Alice Example commented on "T1"');
      await elsewhere.quiet();
    });

    test('nobody is told of what he did himself', async () => {
      const task = await newTask();
      await patch(world.bob, task, { assignee_id: world.bob.id, status: 'done' });
      await elsewhere.quiet();
    });
  });

  describe('a room with clients of both apps', () => {
    test('each hears the same changes once, in its own words', async () => {
      const board = await world.client(world.alice);
      const task = await world.task(world.bob, project, { title: 'T1', assignee_id: world.bob.id });
      const heard = async (word, type, person) => {
        const payload = await board.next(word);
        assert.match(payload.timestamp, /\d$/);
        assert.ok(naive(payload.timestamp));
        for (const client of [alice, bob]) {
          const frame = await client.next(type);
          assert.ok(offset(frame.timestamp));
          assert.equal(frame.timestamp, `${payload.timestamp}+00:00`, 'the same event');
          assert.equal(frame.sender, person.name);
        }
        return payload;
      };
      assert.deepEqual((await heard('task_created', 'task.created', world.bob)).created_by, actor(world.bob));
      await patch(world.alice, task, { title: 'T2' });
      await heard('task_updated', 'task.updated', world.alice);
      await board.tell('task_status_changed', { task_id: task.id, new_status: 'completed' });
      await heard('task_status_changed', 'task.status_changed', world.alice);
      await bob.next('notification.new');
      await board.tell('project_updated', { project_id: project.id, changes: { name: 'New' } });
      await heard('project_updated', 'project.updated', world.alice);
      await board.tell('task_deleted', { task_id: task.id, project_id: project.id });
      await heard('task_deleted', 'task.deleted', world.alice);
      // What one app has no word for, and what the other does not know.
      bob.say({ type: 'send_message', room, data: { content: 'x' } });
      for (const client of [alice, bob]) await client.next('message');
      await board.tell('user_typing', { task_id: task.id, is_typing: true });
      await board.quiet();
      await bothQuiet();
    });
  });
});

// The Task Manager app's contract, sections 2 to 5: every event, on every transport.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { actor, assertShape, flag, id, naive, nullable, text } from '../lib/shapes.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { World } from '../lib/world.js';

const NEVER = 999_999_999;
const DUE = '2026-12-31T23:59:59';
const list = Array.isArray;

for (const transport of TRANSPORTS) {
  describe(`taskmanager events on ${transport.name}`, () => {
    let world;
    let [alice, bob, carol] = [];
    let project;

    before(async () => {
      world = await World.start(['alice', 'bob', 'carol']);
      [alice, bob, carol] = await world.clients(transport, world.alice, world.bob, world.carol);
      assert.equal(alice.engine.transport.name, transport.ends);
    });
    after(() => world.stop());
    beforeEach(async () => {
      // alice owns, bob works, carol stands by; each test has a project of its own.
      project = await world.project(world.alice, world.bob, world.carol);
      await Promise.all([alice, bob, carol].map((client) => client.drain()));
    });

    const newTask = async (fields) => {
      const task = await world.task(world.alice, project, fields);
      await Promise.all([alice, bob, carol].map((client) => client.next('task_created')));
      return task;
    };
    const allQuiet = () => Promise.all([alice, bob, carol].map((client) => client.quiet()));
    /** Every one of them hears `name` with exactly this shape, and nothing after it. */
    const allHear = async (name, shape) => {
      for (const client of [alice, bob, carol]) assertShape(await client.next(name), shape, name);
    };

    describe('section 2: the caller\'s own rooms', () => {
      for (const [kind, written] of [['a number', Number], ['a numeric text', String]]) {
        test(`join_project and leave_project with ${kind}`, async () => {
          const projectId = written(project.id);
          await bob.tell('leave_project', { project_id: projectId });
          assertShape(await bob.next('left_project'), { project_id: projectId, timestamp: naive });
          await world.task(world.alice, project);
          await alice.next('task_created');
          await bob.quiet();
          await bob.tell('join_project', { project_id: projectId });
          assertShape(await bob.next('joined_project'), {
            project_id: projectId,
            room: `project_${project.id}`,
            timestamp: naive,
          });
          const task = await world.task(world.alice, project);
          assert.equal((await bob.next('task_created')).task.id, task.id);
          await alice.next('task_created');
          await bob.quiet();
        });
      }

      test('leave_project says nothing where the id is missing', async () => {
        await bob.tell('leave_project', {});
        await bob.tell('leave_project');
        await bob.quiet();
      });

      test('get_online_users: one row per person', async () => {
        await bob.tell('get_online_users', { project_id: project.id });
        const online = await bob.next('online_users');
        assertShape(online, { project_id: project.id, users: list, count: 3, timestamp: naive });
        for (const person of [world.alice, world.bob, world.carol]) {
          const rows = online.users.filter((row) => row.user_id === person.id);
          assert.equal(rows.length, 1, person.name);
          const { id: userId, ...names } = actor(person);
          const shape = { user_id: userId, ...names, connected_at: naive, last_activity: naive };
          assertShape(rows[0], shape);
        }
        await allQuiet();
      });

      test('ping is answered by pong', async () => {
        await bob.tell('ping');
        assertShape(await bob.next('pong'), { timestamp: naive });
        await allQuiet();
      });

      test('user_typing reaches everyone but the socket that sent it', async () => {
        const [second] = await world.clients(transport, world.bob);
        const task = await newTask();
        assert.equal((await second.next('task_created')).task.id, task.id);
        for (const typing of [true, false]) {
          await bob.tell('user_typing', { task_id: task.id, is_typing: typing });
          const { id: userId, ...names } = actor(world.bob);
          const shape = {
            user_id: userId,
            ...names,
            task_id: task.id,
            is_typing: typing,
            timestamp: naive,
          };
          for (const client of [alice, carol, second]) {
            assertShape(await client.next('user_typing'), shape);
          }
          await bob.quiet();
        }
        await bob.tell('user_typing', { task_id: task.id });
        assert.equal((await alice.next('user_typing')).is_typing, false, 'is_typing is false by default');
        second.close();
      });

      test('user_typing about no task is passed over', async () => {
        await bob.tell('user_typing', { is_typing: true });
        await bob.tell('user_typing', { task_id: NEVER, is_typing: true });
        await allQuiet();
      });

      test('unknown events are ignored, not even acknowledged', async () => {
        let acknowledged = false;
        bob.socket.emit('no_such_event', { task_id: 1 }, () => (acknowledged = true));
        await allQuiet();
        assert.equal(acknowledged, false);
      });
    });

    describe('sections 2 and 3: what everyone in the project hears', () => {
      const assigned = () => ({ assignee_id: world.carol.id, due_date: DUE, description: 'x' });

      test('task_created', async () => {
        const made = await world.task(world.bob, project, {
          title: 'T1',
          description: 'x',
          priority: 'high',
          assignee_id: world.carol.id,
          due_date: DUE,
        });
        await allHear('task_created', {
          task: {
            id: made.id,
            title: 'T1',
            description: 'x',
            status: 'pending',
            priority: 'high',
            project_id: project.id,
            created_by: world.bob.id,
            assigned_to: world.carol.id,
            due_date: DUE,
            created_at: naive,
          },
          created_by: actor(world.bob),
          timestamp: naive,
        });
        await allQuiet();
        const bare = await world.task(world.bob, project);
        const { task } = await carol.next('task_created');
        assert.deepEqual(
          [task.id, task.description, task.assigned_to, task.due_date, task.priority],
          [bare.id, null, null, null, 'medium'],
        );
      });

      test('task_updated changes what it says, and comes back to the sender too', async () => {
        const task = await newTask(assigned());
        await bob.tell('task_updated', { task_id: task.id, changes: { title: 'z', priority: 'low' } });
        await allHear('task_updated', {
          task_id: task.id,
          changes: { title: 'z', priority: 'low' },
          task: {
            id: task.id,
            title: 'z',
            description: 'x',
            status: 'pending',
            priority: 'low',
            project_id: project.id,
            assigned_to: world.carol.id,
            due_date: DUE,
            updated_at: naive,
          },
          updated_by: actor(world.bob),
          timestamp: naive,
        });
        await allQuiet();
      });

      test('task_status_changed, and the notification of the assignee', async () => {
        const task = await newTask(assigned());
        const change = { task_id: task.id, old_status: 'pending', new_status: 'completed' };
        await bob.tell('task_status_changed', change);
        await allHear('task_status_changed', {
          ...change,
          task_title: task.title,
          changed_by: actor(world.bob),
          timestamp: naive,
        });
        assertShape(await carol.next('notification'), {
          type: 'task_status_changed',
          message: `Bob Example changed status of "${task.title}" to completed`,
          task_id: task.id,
          timestamp: naive,
        });
        await allQuiet();
      });

      test('an assignee is not notified of what he did himself', async () => {
        const task = await newTask(assigned());
        await carol.tell('task_status_changed', { task_id: task.id, new_status: 'in_progress' });
        assert.equal((await carol.next('task_status_changed')).new_status, 'in_progress');
        await carol.quiet();
      });

      test('task_deleted', async () => {
        const task = await newTask();
        const claim = { task_id: task.id, project_id: project.id, task_title: 'another title' };
        await alice.tell('task_deleted', claim);
        await allHear('task_deleted', {
          task_id: task.id,
          task_title: task.title,
          project_id: project.id,
          deleted_by: actor(world.alice),
          timestamp: naive,
        });
        await allQuiet();
        await alice.tell('task_deleted', claim);
        await allQuiet();
      });

      test('comment_added, and the notification of the assignee', async () => {
        const task = await newTask(assigned());
        const comment = await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: 'hello' });
        await allHear('comment_added', {
          comment: {
            id: comment.id,
            comment_text: 'hello',
            task_id: task.id,
            user_id: world.bob.id,
            author_name: 'Bob Example',
            created_at: naive,
          },
          task: { id: task.id, title: task.title, project_id: project.id },
          timestamp: naive,
        });
        assertShape(await carol.next('notification'), {
          type: 'comment_added',
          message: `Bob Example commented on "${task.title}"`,
          task_id: task.id,
          comment_id: comment.id,
          timestamp: naive,
        });
        await allQuiet();
        // What is already known is not announced again.
        await bob.tell('comment_added', { comment_id: comment.id, task_id: task.id });
        await allQuiet();
      });

      test('project_updated', async () => {
        await alice.tell('project_updated', { project_id: project.id, changes: { name: 'q' } });
        await allHear('project_updated', {
          project_id: project.id,
          changes: { name: 'q' },
          project: {
            id: project.id,
            name: 'q',
            description: nullable(text),
            status: 'active',
            updated_at: naive,
          },
          updated_by: actor(world.alice),
          timestamp: naive,
        });
        await allQuiet();
      });

      test('ids may be numeric texts; what is told to all carries numbers', async () => {
        const task = await newTask();
        await bob.tell('task_updated', { task_id: String(task.id), changes: { title: 'z' } });
        assert.equal((await alice.next('task_updated')).task_id, task.id);
        await bob.tell('task_status_changed', { task_id: String(task.id), new_status: 'completed' });
        assert.equal((await alice.next('task_status_changed')).task_id, task.id);
        await bob.tell('user_typing', { task_id: String(task.id), is_typing: true });
        const typing = await alice.next('user_typing');
        assert.ok(flag(typing.is_typing) && id(typing.user_id));
        assert.equal(typing.task_id, task.id);
        const both = { task_id: String(task.id), project_id: String(project.id) };
        await alice.tell('task_deleted', both);
        const gone = await bob.next('task_deleted');
        assert.deepEqual([gone.task_id, gone.project_id], [task.id, project.id]);
        await bob.tell('get_online_users', { project_id: String(project.id) });
        assert.equal((await bob.next('online_users')).project_id, String(project.id));
      });
    });
  });
}

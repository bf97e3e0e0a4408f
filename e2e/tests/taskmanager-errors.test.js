// The Task Manager app's contract, section 2, last column: what each event is answered when it is
// wrong, in the documented order of checks, on every transport.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { TRANSPORTS } from '../lib/sockets.js';
import { World } from '../lib/world.js';

const NEVER = 999_999_999;
/** What the app takes for a missing id. */
const MISSING = [undefined, null, 0, '', false];
/** What no id looks like. */
const NO_ID = ['12a', '1.5', '-1', ' 1', 1.5, -1, true, [1], { id: 1 }, '9'.repeat(40)];
/** Payloads that are no object. */
const NO_OBJECT = [[], [null], [7], ['text'], [true], [[1, 2]]];

/** Every event: what it needs, and its answers to too little and to what does not exist. */
const EVENTS = [
  {
    name: 'join_project',
    required: ['project_id'],
    missing: 'Project ID required',
    unknown: 'Access denied to project',
  },
  {
    name: 'get_online_users',
    required: ['project_id'],
    missing: 'Project ID required',
    unknown: 'Access denied to project',
    nullAllowed: true,
  },
  {
    name: 'task_created',
    required: ['task_id', 'project_id'],
    missing: 'Task ID and Project ID required',
    unknown: 'Task not found',
  },
  {
    name: 'task_updated',
    required: ['task_id'],
    optional: { changes: { title: 'never stored' } },
    missing: 'Task ID required',
    unknown: 'Task not found',
  },
  {
    name: 'task_status_changed',
    required: ['task_id', 'new_status'],
    missing: 'Task ID and new status required',
    unknown: 'Task not found',
  },
  {
    name: 'task_deleted',
    required: ['task_id', 'project_id'],
    missing: 'Task ID and Project ID required',
    unknown: 'Task not found',
  },
  {
    name: 'comment_added',
    required: ['comment_id', 'task_id'],
    missing: 'Comment ID and Task ID required',
    unknown: 'Comment or task not found',
  },
  {
    name: 'project_updated',
    required: ['project_id'],
    optional: { changes: { name: 'never stored' } },
    missing: 'Project ID required',
    unknown: 'Project not found',
  },
];

for (const transport of TRANSPORTS) {
  describe(`taskmanager errors on ${transport.name}`, () => {
    let world;
    let [alice, bob] = [];
    let [project, task, comment] = [];
    let head;

    before(async () => {
      world = await World.start(['alice', 'bob']);
      project = await world.project(world.alice, world.bob);
      task = await world.task(world.alice, project);
      comment = await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'hello' });
    });
    after(() => world.stop());
    beforeEach(async () => {
      world.closeClients();
      [alice, bob] = await world.clients(transport, world.alice, world.bob);
      head = await stored();
    });

    /** All that a wrong event could have changed. */
    const stored = async () => [
      await world.alice.rest.get(`/projects/${project.id}`),
      await world.alice.rest.get(`/tasks/${task.id}`),
      await world.alice.rest.get(`/tasks/${task.id}/comments`),
    ];
    const nothingHappened = async () => {
      await alice.quiet();
      await bob.quiet();
      assert.deepEqual(await stored(), head);
    };
    /** A payload of `event` that is right. */
    const right = ({ required, optional }) => {
      const values = {
        project_id: project.id,
        task_id: task.id,
        comment_id: comment.id,
        new_status: 'completed',
      };
      return { ...Object.fromEntries(required.map((key) => [key, values[key]])), ...optional };
    };

    for (const event of EVENTS) {
      test(`${event.name}: too little`, async () => {
        for (const key of event.required) {
          for (const value of MISSING) {
            if (value === null && event.nullAllowed) continue;
            await bob.refused(event.missing, event.name, { ...right(event), [key]: value });
          }
        }
        for (const args of NO_OBJECT) await bob.refused(event.missing, event.name, ...args);
        await nothingHappened();
      });

      test(`${event.name}: what does not exist, or is no id`, async () => {
        // The id of what the event is about comes first.
        const [key] = event.required;
        for (const value of [NEVER, String(NEVER), ...NO_ID]) {
          await bob.refused(event.unknown, event.name, { ...right(event), [key]: value });
        }
        await nothingHappened();
      });
    }

    test('too little is told before what does not exist', async () => {
      await bob.refused('Task ID and Project ID required', 'task_created', { task_id: NEVER });
      await bob.refused('Task ID and Project ID required', 'task_deleted', { task_id: NEVER });
      await bob.refused('Task ID and new status required', 'task_status_changed', { task_id: NEVER });
      await bob.refused('Comment ID and Task ID required', 'comment_added', { comment_id: NEVER });
      await nothingHappened();
    });

    test('a comment on another task is not found', async () => {
      const other = await world.task(world.alice, project);
      await bob.refused('Comment or task not found', 'comment_added', {
        comment_id: comment.id,
        task_id: other.id,
      });
    });

    test('values that break rules are told by their field, and nothing changes', async () => {
      const wrong = [
        ['task_updated', { task_id: task.id, changes: { title: '' } }, /^title /],
        ['task_updated', { task_id: task.id, changes: { title: 'x'.repeat(201) } }, /^title .*200/],
        ['task_updated', { task_id: task.id, changes: { title: 7 } }, /^title /],
        ['task_updated', { task_id: task.id, changes: { priority: 'huge' } }, /^priority /],
        ['task_updated', { task_id: task.id, changes: { status: 'huge' } }, /^status /],
        ['task_updated', { task_id: task.id, changes: { due_date: 'soon' } }, /^due_date /],
        ['task_updated', { task_id: task.id, changes: { assigned_to: 'x' } }, /^assigned_to /],
        ['task_updated', { task_id: task.id, changes: 'title' }, /^changes /],
        ['task_status_changed', { task_id: task.id, new_status: 'huge' }, /^new_status /],
        ['project_updated', { project_id: project.id, changes: { name: '' } }, /^name /],
      ];
      for (const [name, payload, expected] of wrong) {
        // alice owns the project: nothing but the value is wrong.
        await alice.tell(name, payload);
        assert.match((await alice.next('error')).message, expected, JSON.stringify(payload));
      }
      await nothingHappened();
    });

    test('user_typing and leave_project are silent whatever they are given', async () => {
      for (const name of ['user_typing', 'leave_project']) {
        for (const args of NO_OBJECT) await bob.tell(name, ...args);
        for (const value of [...MISSING, ...NO_ID]) {
          await bob.tell(name, { task_id: value, project_id: value });
        }
      }
      await nothingHappened();
    });
  });
}

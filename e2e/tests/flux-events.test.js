// Flux Studio's contract: every event in both directions, on every transport.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { activityShape, doneBy, Flux, iso, taskShape } from '../lib/flux.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { World } from '../lib/world.js';

const NEVER = 999_999_999;

for (const transport of TRANSPORTS) {
  describe(`flux events on ${transport.name}`, () => {
    let world;
    let [alice, bob, carol, mallory] = [];
    let [project, task] = [];

    before(async () => {
      world = await World.start(['alice', 'bob', 'carol', 'mallory'], { dialect: 'flux' });
      const connect = (person) => Flux.connected(person, transport);
      const people = [world.alice, world.bob, world.carol, world.mallory];
      [alice, bob, carol, mallory] = await Promise.all(people.map(connect));
      assert.equal(alice.engine.transport.name, transport.ends);
    });
    after(async () => {
      [alice, bob, carol, mallory].forEach((client) => client?.close());
      await world.stop();
    });
    beforeEach(async () => {
      // alice owns, bob works; carol belongs to it and has not joined; mallory is a stranger.
      project = await world.project(world.alice, world.bob, world.carol);
      task = await world.task(world.alice, project);
      await alice.join(project);
      await bob.join(project);
      await Promise.all([alice, bob, carol, mallory].map((client) => client.drain()));
    });

    const allQuiet = () => Promise.all([alice, bob, carol, mallory].map((client) => client.quiet()));
    const patch = (person, fields) => person.rest.patch(`/tasks/${task.id}`, fields);
    const stored = () => world.alice.rest.get(`/tasks/${task.id}`);

    /** Both who joined hear one change of bob with these fields, and nobody hears anything else. */
    const updated = async (fields, what, metadata, title = 'Pour concrete') => {
      const told = {
        projectId: String(project.id),
        task: taskShape(world.alice, { id: String(task.id), ...fields }),
        ...doneBy(world.bob),
      };
      const line = activityShape(world.bob, task, what, metadata, title);
      await Promise.all([alice, bob].map((client) => client.hears('task:updated', told, line)));
      await allQuiet();
    };
    const change = (field, oldValue, newValue) => ({ field, oldValue, newValue });

    test('task:created: whoever has joined hears it, also who made it', async () => {
      const dueDate = '2026-12-31T23:59:59Z';
      const fields = { description: 'Slowly.', assignee_id: world.carol.id, due_date: dueDate };
      const made = await world.task(world.bob, project, { ...fields, priority: 'critical' });
      const line = activityShape(world.bob, made, 'created', { status: 'todo', priority: 'critical' });
      const told = {
        projectId: String(project.id),
        task: taskShape(world.bob, {
          id: String(made.id),
          description: 'Slowly.',
          priority: 'critical',
          assignedTo: String(world.carol.id),
          dueDate: '2026-12-31T23:59:59.000Z',
        }),
        ...doneBy(world.bob),
      };
      await Promise.all([alice, bob].map((client) => client.hears('task:created', told, line)));
      await allQuiet();
    });

    test('task:updated: a title, and a description that is taken away again', async () => {
      await patch(world.bob, { title: 'Pour more', description: 'Now' });
      await updated({ title: 'Pour more', description: 'Now' }, 'updated', {}, 'Pour more');
      await patch(world.bob, { title: 'Pour concrete', description: null });
      await updated({}, 'updated', {});
    });

    test('task:updated: a status', async () => {
      await patch(world.bob, { status: 'review' });
      await updated({ status: 'review' }, 'updated', change('status', 'todo', 'review'));
    });

    test('task:updated: completion, and reopening', async () => {
      await patch(world.bob, { status: 'done' });
      const done = { status: 'completed', completedAt: iso };
      await updated(done, 'completed', change('status', 'todo', 'completed'));
      await patch(world.bob, { status: 'in_progress' });
      const reopened = { status: 'in_progress', completedAt: null };
      await updated(reopened, 'updated', change('status', 'completed', 'in_progress'));
    });

    test('task:updated: a priority, a date, somebody else\'s', async () => {
      await patch(world.bob, { priority: 'high' });
      await updated({ priority: 'high' }, 'updated', change('priority', 'medium', 'high'));
      await patch(world.bob, { due_date: '2026-12-31' });
      const due = { priority: 'high', dueDate: '2026-12-31T00:00:00.000Z' };
      await updated(due, 'updated', {});
      await patch(world.bob, { assignee_id: world.carol.id });
      const carolId = String(world.carol.id);
      await updated({ ...due, assignedTo: carolId }, 'updated', change('assignedTo', null, carolId));
      await patch(world.bob, { assignee_id: null });
      await updated(due, 'updated', change('assignedTo', carolId, null));
    });

    test('task:updated: several fields in one request are told once', async () => {
      await patch(world.bob, { status: 'done', assignee_id: world.bob.id, priority: 'low' });
      const fields = { status: 'completed', completedAt: iso, priority: 'low' };
      const metadata = change('status', 'todo', 'completed');
      await updated({ ...fields, assignedTo: String(world.bob.id) }, 'completed', metadata);
      await patch(world.bob, { status: 'todo', assignee_id: null });
      await updated({ priority: 'low' }, 'updated', change('status', 'completed', 'todo'));
    });

    test('what the app shows alike or not at all is not told', async () => {
      await patch(world.bob, { status: 'in_progress' });
      await updated({ status: 'in_progress' }, 'updated', change('status', 'todo', 'in_progress'));
      await patch(world.bob, { status: 'blocked' });
      await patch(world.bob, { estimated_hours: 8, category: 'concrete', position: 7 });
      await allQuiet();
      await patch(world.bob, { status: 'cancelled' });
      const cancelled = { status: 'completed' };
      await updated(cancelled, 'completed', change('status', 'in_progress', 'completed'));
      await patch(world.bob, { status: 'done' });
      await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: 'hello' });
      await world.alice.rest.patch(`/projects/${project.id}`, { name: 'Tunnel' });
      await allQuiet();
    });

    test('task:deleted', async () => {
      await world.alice.rest.delete(`/tasks/${task.id}`);
      const told = { projectId: String(project.id), taskId: String(task.id), ...doneBy(world.alice) };
      const line = activityShape(world.alice, task, 'deleted', {});
      await Promise.all([alice, bob].map((client) => client.hears('task:deleted', told, line)));
      await allQuiet();
    });

    test('join:project and leave:project, with a text and with a number', async () => {
      for (const written of [String, Number]) {
        await bob.say('leave:project', { projectId: written(project.id), userId: 'x' });
        // It is answered by nothing: only a later answer tells that it was heard.
        await bob.drain();
        await patch(world.alice, { title: `${written.name} away` });
        await alice.next('task:updated');
        await alice.next('activity:new');
        await bob.quiet();
        await bob.join(project, { projectId: written(project.id) });
        await patch(world.alice, { title: `${written.name} back` });
        assert.equal((await bob.next('task:updated')).task.title, `${written.name} back`);
        await bob.next('activity:new');
        await alice.drain();
        await allQuiet();
      }
    });

    test('claims of what was done over REST are swallowed, whatever they contain', async () => {
      const forged = { id: String(task.id), title: 'Forged', status: 'completed', createdBy: '1' };
      const cursor = await world.alice.rest.cursor();
      for (const projectId of [String(project.id), String(world.bob.home.id), 'nonsense', null]) {
        bob.say('task:created', { projectId, task: forged });
        bob.say('task:updated', { projectId, task: { id: task.id } });
        bob.say('task:deleted', { projectId, taskId: String(task.id) });
      }
      carol.say('task:updated', { projectId: String(project.id), task: forged });
      await bob.quiet();
      await carol.quiet();
      assert.deepEqual((await world.alice.rest.feed(cursor)).events, [], 'nothing was stored');
      await allQuiet();
      assert.equal((await stored()).version, task.version);
    });

    test('a claim that a task was deleted holds after it was', async () => {
      await world.alice.rest.delete(`/tasks/${task.id}`);
      const gone = { projectId: String(project.id), taskId: String(task.id) };
      alice.say('task:deleted', gone);
      await bob.next('task:deleted');
      await bob.next('activity:new');
      assert.equal((await alice.next('task:deleted')).taskId, String(task.id));
      await alice.next('activity:new');
      await allQuiet();
      await alice.refused('Task not found', 'task:updated', { ...gone, task: { id: gone.taskId } });
      await alice.refused('Task not found', 'task:created', { ...gone, task: { id: gone.taskId } });
      await mallory.refused('Task not found', 'task:deleted', gone);
      await allQuiet();
    });

    test('claims about nothing are errors, for the caller alone', async () => {
      const projectId = String(project.id);
      for (const id of [NEVER, String(NEVER), 'temp-1', '', null, {}, -1, 0.5]) {
        await bob.refused('Task not found', 'task:created', { projectId, task: { id } });
        await bob.refused('Task not found', 'task:updated', { projectId, task: { id } });
        await bob.refused('Task not found', 'task:deleted', { projectId, taskId: id });
        await bob.refused('Project not found', 'join:project', { projectId: id });
        bob.say('leave:project', { projectId: id });
      }
      await allQuiet();
    });

    const ODD = [[], [null], ['text'], [7], [true], [[]], [[{}]], [{}], [null, { projectId: '1' }]];
    ODD.push([{ projectId: '9'.repeat(400), task: '9'.repeat(400), taskId: '9'.repeat(400) }]);
    ODD.push([{ projectId: 1e300, task: { id: 1e300 }, taskId: 2 ** 63 }]);
    ODD.push([{ projectId: {}, task: [], taskId: [] }], [{ __proto__: null, task: { id: { id: 1 } } }]);

    test('arguments of every wrong kind change nothing', async () => {
      const cursor = await world.alice.rest.cursor();
      for (const args of ODD) {
        await bob.refused('Project not found', 'join:project', ...args);
        for (const name of ['task:created', 'task:updated', 'task:deleted']) {
          await bob.refused('Task not found', name, ...args);
        }
        bob.say('leave:project', ...args);
      }
      assert.equal(await world.alice.rest.cursor(), cursor, 'nothing was stored');
      await patch(world.bob, { title: 'Still there' });
      assert.equal((await bob.next('task:updated')).task.title, 'Still there');
    });

    test('a stranger can neither hear nor cause anything', async () => {
      const projectId = String(project.id);
      await mallory.refused('Access denied to project', 'join:project', { projectId });
      const { id: own } = world.mallory.home;
      for (const named of [projectId, String(own)]) {
        const claim = { projectId: named, task: { ...task, id: String(task.id) } };
        await mallory.refused('Task not found', 'task:created', claim);
        await mallory.refused('Task not found', 'task:updated', claim);
        const gone = { projectId: named, taskId: String(task.id) };
        await mallory.refused('Task not found', 'task:deleted', gone);
      }
      mallory.say('leave:project', { projectId });
      await patch(world.bob, { title: 'Secret' });
      assert.equal((await alice.next('task:updated')).task.title, 'Secret');
      await alice.next('activity:new');
      await bob.drain();
      await Promise.all([alice, mallory].map((client) => client.quiet()));
      const users = await alice.join(project);
      assert.deepEqual(users.map((user) => user.id).sort(), [world.alice, world.bob].map((p) => String(p.id)).sort());
    });
  });
}

describe('flux: texts that people write', () => {
  const heard = async (env) => {
    const world = await World.start(['alice'], { dialect: 'flux', env });
    const client = await Flux.connected(world.alice);
    try {
      const project = await world.project(world.alice);
      await client.join(project);
      await world.task(world.alice, project, { title: '<img src=x> & co', description: '<b>' });
      const told = await client.next('task:created');
      const { action, entityTitle } = await client.next('activity:new');
      return [told.task.title, told.task.description, entityTitle, action];
    } finally {
      client.close();
      await world.stop();
    }
  };

  test('cannot become markup', async () => {
    const title = '&lt;img src=x> & co';
    assert.deepEqual(await heard({}), [title, '&lt;b>', title, `created task "${title}"`]);
  });

  test('are sent as they are where that is set', async () => {
    const title = '<img src=x> & co';
    const raw = await heard({ CHORUS_FLUX_HTML: 'raw' });
    assert.deepEqual(raw, [title, '<b>', title, `created task "${title}"`]);
  });
});

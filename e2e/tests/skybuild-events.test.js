// The SkyBuild Pro app's contract: every event, in both directions, on every transport.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { envelopeClaims } from '../lib/envelope.js';
import { Rest } from '../lib/rest.js';
import { assertShape, id } from '../lib/shapes.js';
import { comment, taskUpdated, who } from '../lib/skybuild.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { claimsOf, mint } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const DUE = '2026-12-31T23:59:59Z';

for (const transport of TRANSPORTS) {
  describe(`skybuild events on ${transport.name}`, () => {
    let world;
    let [alice, bob, carol] = [];
    let [project, task] = [];

    before(async () => {
      world = await World.start(['alice', 'bob', 'carol'], { dialect: 'skybuild' });
    });
    after(() => world.stop());
    beforeEach(async () => {
      // alice owns, bob works; carol belongs to the project, but has not entered it.
      world.closeClients();
      project = await world.project(world.alice, world.bob, world.carol);
      task = await world.task(world.alice, project);
      [alice, bob, carol] = await Promise.all(
        [world.alice, world.bob, world.carol].map((person) => world.skybuild(person, transport)),
      );
      await alice.enter(project);
      await bob.enter(project, world.alice);
      assert.deepEqual(await alice.next('user:joined'), who(world.bob, project));
    });

    const patch = (person, fields) => person.rest.patch(`/tasks/${task.id}`, fields);
    /** Whoever is in the project hears `name` with exactly this shape, once. */
    const bothHear = async (name, shape) => {
      for (const client of [alice, bob]) assertShape(await client.next(name), shape, name);
    };
    const bothHearUpdates = (person, updates) =>
      bothHear('task:updated', taskUpdated(person, task, updates));
    const allQuiet = async () => {
      for (const client of [alice, bob, carol]) await client.quiet();
    };

    describe('the caller\'s own', () => {
      test('join_project again: the answer and who is there again, and nobody else hears', async () => {
        await alice.enter(project, world.alice, world.bob);
        await allQuiet();
      });

      test('leave_project is not answered, and the others hear of it once', async () => {
        await bob.leave(project);
        assert.deepEqual(await alice.next('user:left'), who(world.bob, project));
        await patch(world.alice, { title: 'New' });
        await alice.next('task:updated');
        await bob.leave(project);
        await allQuiet();
        await bob.enter(project, world.alice);
        assert.deepEqual(await alice.next('user:joined'), who(world.bob, project));
        await allQuiet();
      });

      test('ping comes back as it was', async () => {
        const values = [1764000000.25, 'now', null, true, [1, { a: 'ü' }], {}, '', 0, -1e21];
        for (const timestamp of values) {
          await bob.tell('ping', { timestamp });
          assert.deepEqual(await bob.next('pong'), { timestamp });
        }
        for (const nothing of [[], [{}], [null], [7], ['x'], [[1]], [{ time: 1 }, 2]]) {
          await bob.tell('ping', ...nothing);
          assert.deepEqual(await bob.next('pong'), { timestamp: null });
        }
        await allQuiet();
      });

      test('unknown events are ignored, not even acknowledged', async () => {
        let acknowledged = false;
        const told = { project_id: String(project.id), task_id: task.id, updates: { title: 'x' } };
        for (const name of ['no_such_event', 'task:updated', 'user:left', 'comment:created', 'connected']) {
          bob.socket.emit(name, told, () => (acknowledged = true));
        }
        await allQuiet();
        assert.equal(acknowledged, false);
      });
    });

    describe('task:updated', () => {
      test('by the new values of what changed', async () => {
        await patch(world.bob, { title: 'New <b>' });
        await bothHearUpdates(world.bob, { title: 'New <b>' });
        await patch(world.alice, { description: 'd', priority: 'critical', due_date: DUE });
        await bothHearUpdates(world.alice, {
          description: 'd',
          priority: 'urgent',
          due_date: '2026-12-31',
        });
        await patch(world.alice, { description: null, due_date: null, position: 2.5 });
        await bothHearUpdates(world.alice, { description: null, due_date: null, position: 2.5 });
        await allQuiet();
      });

      test('status and assignee with the rest in one, and the assignee as a text', async () => {
        await patch(world.bob, { status: 'blocked', assignee_id: world.bob.id, title: 'New' });
        await bothHearUpdates(world.bob, {
          title: 'New',
          status: 'blocked',
          assignee_id: String(world.bob.id),
        });
        await patch(world.bob, { assignee_id: null });
        await bothHearUpdates(world.bob, { assignee_id: null });
        await allQuiet();
      });

      test('what the app shows alike, or not at all, is not told', async () => {
        await patch(world.bob, { status: 'review' });
        await bothHearUpdates(world.bob, { status: 'in_progress' });
        await patch(world.bob, { status: 'in_progress' });
        await patch(world.bob, { status: 'cancelled' });
        await bothHearUpdates(world.bob, { status: 'done' });
        await patch(world.bob, { status: 'done' });
        await patch(world.bob, { status: 'done', estimated_hours: 8, category: 'concrete' });
        await patch(world.bob, { due_date: DUE });
        await bothHearUpdates(world.bob, { due_date: '2026-12-31' });
        await patch(world.bob, { due_date: '2026-12-31' });
        await allQuiet();
      });

      test('a task that is made or deleted, and the project itself, have no word', async () => {
        const more = await world.task(world.bob, project);
        await world.bob.rest.delete(`/tasks/${more.id}`);
        await world.alice.rest.patch(`/projects/${project.id}`, { name: 'Tunnel' });
        await allQuiet();
      });
    });

    test('comment:created, comment:updated, comment:deleted', async () => {
      const made = await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: 'Great <i>!' });
      const told = (body, edited) => comment(world.bob, task, { id: made.id, body, edited });
      await bothHear('comment:created', told('Great <i>!', false));
      await world.bob.rest.patch(`/comments/${made.id}`, { body: 'Good.' });
      await bothHear('comment:updated', told('Good.', true));
      await world.alice.rest.delete(`/comments/${made.id}`);
      await bothHear('comment:deleted', told('Good.', true));
      const first = await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'First' });
      const answer = await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: 'Second', parent_id: first.id });
      await bothHear('comment:created', comment(world.alice, task, { id: first.id, body: 'First' }));
      await bothHear('comment:created', comment(world.bob, task, { id: answer.id, body: 'Second', parent: first.id }));
      await allQuiet();
    });

    test('comments on the project and on items of its bill, and none on what the app does not know', async () => {
      const at = `/projects/${project.id}`;
      const line = await world.alice.rest.post(`${at}/boq`, { description: 'Concrete' });
      const roof = await world.alice.rest.post(`${at}/milestones`, { title: 'Roof on' });
      const made = await world.bob.rest.post(`${at}/comments`, { body: 'Soon', item_id: line.id });
      const answer = await world.alice.rest.post(`${at}/comments`, { body: 'When?', item_id: line.id, parent_id: made.id });
      await bothHear('comment:created', comment(world.bob, line, { on: 'boq', id: made.id, body: 'Soon' }));
      await bothHear('comment:created', comment(world.alice, line, { on: 'boq', id: answer.id, body: 'When?', parent: made.id }));
      const whole = { id: project.id, project_id: project.id };
      const said = await world.bob.rest.post(`${at}/comments`, { body: 'All well' });
      await bothHear('comment:created', comment(world.bob, whole, { on: 'project', id: said.id, body: 'All well' }));
      await world.bob.rest.patch(`/comments/${said.id}`, { body: 'Well' });
      await bothHear('comment:updated', comment(world.bob, whole, { on: 'project', id: said.id, body: 'Well', edited: true }));
      await world.alice.rest.delete(`/comments/${said.id}`);
      await bothHear('comment:deleted', comment(world.bob, whole, { on: 'project', id: said.id, body: 'Well', edited: true }));
      await world.bob.rest.post(`${at}/comments`, { body: 'High', item_id: roof.id });
      await allQuiet();
    });

    test('what the app\'s own back end tells of bills of quantities, as it is', async () => {
      const token = mint(claimsOf('root', envelopeClaims({ type: 'service' })));
      const backend = new Rest(world.server.url, token);
      const projectId = String(project.id);
      const updates = { qty: 150.5, unit_price: 45.5 };
      const item = { project_id: projectId, item_id: 'b1', updates, updated_by: '34c8' };
      const summary = { total: 3, updated: 2, skipped: 1 };
      const bulk = { project_id: projectId, summary, updated_by: '34c8' };
      for (const [event, data] of [['boq:item:updated', item], ['boq:bulk:updated', bulk]]) {
        await backend.post('/events', { room: `project:${project.id}`, event, data });
        await bothHear(event, data);
      }
      const note = { id: 7, message: 'Ready', type: 'success', job: 'j1' };
      const told = { room: `user:${world.carol.id}`, event: 'notification:new', data: note };
      await backend.post('/events', told);
      assert.deepEqual(await carol.next('notification:new'), note);
      await allQuiet();
    });

    describe('notification:new, which needs no room', () => {
      const notified = async (message) => {
        const told = { id, message, type: 'info' };
        assertShape(await carol.next('notification:new'), told, 'notification:new');
      };
      const title = 'Pour concrete';

      test('of a task that was given, moved and commented on', async () => {
        await patch(world.alice, { assignee_id: world.carol.id });
        await bothHearUpdates(world.alice, { assignee_id: String(world.carol.id) });
        await notified(`Alice Example assigned "${title}" to you`);
        await patch(world.bob, { status: 'cancelled' });
        await bothHearUpdates(world.bob, { status: 'done' });
        await notified(`Bob Example moved "${title}" to done`);
        await patch(world.bob, { status: 'done' });
        await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: 'Wet.' });
        for (const client of [alice, bob]) await client.next('comment:created');
        await notified(`Bob Example commented on "${title}"`);
        await allQuiet();
      });

      test('to every connection of the person, and not of what he did himself', async () => {
        const second = await world.skybuild(world.carol, transport);
        await patch(world.carol, { assignee_id: world.carol.id });
        await bothHearUpdates(world.carol, { assignee_id: String(world.carol.id) });
        await carol.quiet();
        await patch(world.alice, { status: 'done' });
        await bothHearUpdates(world.alice, { status: 'done' });
        await notified(`Alice Example moved "${title}" to done`);
        assert.equal((await second.next('notification:new')).type, 'info');
        await allQuiet();
        await second.quiet();
      });
    });
  });
}

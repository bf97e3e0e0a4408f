// The native REST interface: shapes, refusals, lists, conditional and repeated writes.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { nextPage, Rest } from '../lib/rest.js';
import { assertShape, id, instant, nullable, number, text } from '../lib/shapes.js';
import { World } from '../lib/world.js';

const person = { id, username: text, full_name: text, email: nullable(text) };
const TASK = {
  id,
  project_id: id,
  title: text,
  description: nullable(text),
  status: text,
  priority: text,
  assignee_id: nullable(id),
  assignee: (value) => value === null || assertShape(value, person) === undefined,
  creator_id: id,
  creator: person,
  due_date: nullable(instant),
  estimated_hours: nullable(number),
  category: nullable(text),
  start_date: nullable(instant),
  type: text,
  labels: Array.isArray,
  depends_on: Array.isArray,
  position: number,
  version: id,
  completed_at: nullable(instant),
  created_at: instant,
  updated_at: instant,
};

describe('native REST', () => {
  let world;
  let [project, task] = [];
  let watcher;

  before(async () => {
    world = await World.start(['alice', 'bob', 'mallory']);
    watcher = await world.client(world.alice);
  });
  after(() => world.stop());
  beforeEach(async () => {
    project = await world.project(world.alice, world.bob);
    task = await world.task(world.alice, project);
    await watcher.drain();
  });

  describe('shapes', () => {
    test('a task', async () => {
      assertShape(task, TASK);
      assert.deepEqual([task.status, task.priority, task.version], ['todo', 'medium', 1]);
      const fields = {
        title: 'New',
        description: 'More',
        status: 'review',
        priority: 'critical',
        assignee_id: world.bob.id,
        due_date: '2026-12-31T23:59:59Z',
        estimated_hours: 8.5,
        category: 'concrete',
        start_date: '2026-12-01T00:00:00.000000Z',
        type: 'milestone',
        labels: ['roof', 'east side'],
        position: 3.25,
      };
      const patched = await world.bob.rest.patch(`/tasks/${task.id}`, fields);
      assertShape(patched, TASK);
      const { due_date: due, ...plain } = fields;
      for (const [name, value] of Object.entries(plain)) assert.deepEqual(patched[name], value, name);
      assert.equal(Date.parse(patched.due_date), Date.parse(due));
      assert.deepEqual([patched.version, patched.assignee.username], [2, 'bob']);
      assert.deepEqual(await world.alice.rest.get(`/tasks/${task.id}`), patched);
    });

    test('completed_at is when it became done, and none while it is not', async () => {
      const done = await world.bob.rest.patch(`/tasks/${task.id}`, { status: 'completed' });
      assert.deepEqual([done.status, instant(done.completed_at)], ['done', true]);
      const again = await world.bob.rest.patch(`/tasks/${task.id}`, { status: 'in_progress' });
      assert.equal(again.completed_at, null);
    });

    test('a comment', async () => {
      const comment = await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: 'hello' });
      assertShape(comment, {
        id,
        task_id: task.id,
        item_id: null,
        project_id: project.id,
        parent_id: null,
        body: 'hello',
        author_id: world.bob.id,
        author: person,
        is_edited: false,
        version: 1,
        created_at: instant,
        updated_at: instant,
      });
      assert.deepEqual(await world.alice.rest.get(`/tasks/${task.id}/comments`), [comment]);
      const edited = await world.bob.rest.patch(`/comments/${comment.id}`, { body: 'hallo' });
      assert.deepEqual([edited.body, edited.is_edited, edited.version], ['hallo', true, 2]);
      await world.mallory.rest.refused(404, 'GET', `/comments/${comment.id}`);
      await world.bob.rest.delete(`/comments/${comment.id}`);
      assert.deepEqual(await world.alice.rest.get(`/tasks/${task.id}/comments`), []);
    });

    test('a project that is muted: no notifications, but everything else', async () => {
      const quiet = await world.project(world.alice, world.bob);
      const mute = `/projects/${quiet.id}/mute`;
      const count = async () => (await world.bob.rest.get('/notifications/count')).unread;
      const before = await count();
      const give = (title) => world.task(world.alice, quiet, { title, assignee_id: world.bob.id });
      assert.deepEqual(await world.bob.rest.get(mute), { muted: false });
      for (let twice = 0; twice < 2; twice += 1) {
        assert.equal((await world.bob.rest.ask('PUT', mute)).status, 204);
      }
      assert.deepEqual(await world.bob.rest.get(mute), { muted: true });
      assert.deepEqual(await world.alice.rest.get(mute), { muted: false }, 'each for himself');
      const since = await world.bob.rest.cursor();
      await give('Unmentioned');
      const { events } = await world.bob.rest.feed(since);
      assert.deepEqual(events.map(({ kind }) => kind), ['task.created'], 'it is told all the same');
      assert.equal(await count(), before);
      await world.bob.rest.delete(mute);
      await give('Mentioned');
      assert.equal(await count(), before + 1);
      await world.mallory.rest.refused(404, 'PUT', mute);
    });

    test('a kind of notification that is not wanted', async () => {
      const path = '/notifications/preferences';
      const all = { assigned: true, status: true, comments: true, mentions: true, invitations: true };
      assert.deepEqual(await world.bob.rest.get(path), all);
      assert.deepEqual(await world.bob.rest.patch(path, { assigned: false }), { ...all, assigned: false });
      const assigned = { assignee_id: world.bob.id };
      const given = await world.task(world.alice, project, assigned);
      await world.alice.rest.post(`/tasks/${given.id}/comments`, { body: 'yours' });
      const heard = await world.bob.rest.all('/notifications');
      const kinds = heard.filter((one) => one.task.id === given.id).map(({ kind }) => kind);
      assert.deepEqual(kinds, ['comment_added']);
      const { error } = await world.bob.rest.refused(422, 'PATCH', path, { body: { comments: 'no' } });
      assert.deepEqual(error.fields, { comments: 'must be a boolean' });
      assert.deepEqual(await world.bob.rest.patch(path, { assigned: true }), all);
    });

    test('a notification, and that it was read', async () => {
      await world.alice.rest.patch(`/tasks/${task.id}`, { assignee_id: world.bob.id });
      const [newest] = await world.bob.rest.get('/notifications?unread_only=true');
      const before = await world.bob.rest.get('/notifications/count');
      assert.deepEqual(before, { unread: (await world.bob.rest.all('/notifications?unread_only=true')).length });
      assert.deepEqual(
        [newest.kind, newest.task.id, newest.actor.username, newest.read_at],
        ['task_assigned', task.id, 'alice', null],
      );
      const read = await world.bob.rest.ask('POST', '/notifications/read', { body: { ids: [newest.id] } });
      assert.deepEqual([read.status, read.body], [200, { read: [newest.id] }]);
      assert.deepEqual(await world.bob.rest.get('/notifications/count'), { unread: before.unread - 1 });
      const unread = await world.bob.rest.get('/notifications?unread_only=true');
      assert.ok(unread.every((one) => one.id !== newest.id));
      const all = await world.bob.rest.get('/notifications');
      assert.ok(instant(all.find((one) => one.id === newest.id).read_at));
    });

    test('with and without a trailing slash, under both prefixes, by PUT as by PATCH', async () => {
      for (const path of ['/api/v1/tasks', '/chorus/v1/tasks']) {
        for (const slash of ['', '/']) {
          const found = await world.alice.rest.get(`${path}/${task.id}${slash}`, { root: true });
          assert.equal(found.id, task.id);
        }
      }
      const put = await world.bob.rest.ask('PUT', `/tasks/${task.id}/`, { body: { title: 'Put' } });
      assert.deepEqual([put.status, put.body.title, put.body.priority], [200, 'Put', 'medium']);
    });
  });

  describe('refusals', () => {
    const refusal = { error: { code: text, message: text }, detail: text, message: text };
    const invalid = { ...refusal, error: { code: text, message: text, fields: (v) => typeof v === 'object' } };

    test('401 without a token, with a bad one, and with one for something else', async () => {
      for (const token of [undefined, 'nonsense', world.alice.refreshToken]) {
        const answer = await new Rest(world.server.url, token).ask('GET', '/tasks');
        assert.equal(answer.status, 401);
        assert.match(answer.headers.get('www-authenticate'), /^Bearer/);
        assertShape(answer.body, refusal);
      }
    });

    test('403 for who may see but not do', async () => {
      const body = { user_id: world.mallory.id, role: 'member' };
      const path = `/projects/${project.id}/members`;
      assertShape(await world.bob.rest.refused(403, 'POST', path, { body }), refusal);
      assertShape(await world.bob.rest.refused(403, 'DELETE', `/projects/${project.id}`), refusal);
      assert.equal((await world.alice.rest.get(path)).length, 2);
    });

    test('404 for what is not there, and for what one may not know of', async () => {
      const absent = await world.mallory.rest.refused(404, 'GET', '/tasks/999999999');
      const hidden = await world.mallory.rest.refused(404, 'GET', `/tasks/${task.id}`);
      assert.deepEqual(hidden, absent);
      assertShape(absent, refusal);
      await world.mallory.rest.refused(404, 'PATCH', `/tasks/${task.id}`, { body: { title: 'x' } });
      await world.mallory.rest.refused(404, 'DELETE', `/tasks/${task.id}`);
      await world.mallory.rest.refused(404, 'POST', '/tasks', {
        body: { project_id: project.id, title: 'x' },
      });
      assertShape(await world.alice.rest.refused(404, 'GET', '/no/such/thing'), refusal);
      await watcher.quiet();
    });

    test('405 with the methods that there are', async () => {
      const answer = await world.alice.rest.ask('DELETE', '/tasks');
      assert.equal(answer.status, 405);
      assert.match(answer.headers.get('allow'), /POST/);
      assertShape(answer.body, refusal);
    });

    test('422 names every field that is wrong', async () => {
      const body = { project_id: project.id, status: 'huge', due_date: 'soon', estimated_hours: -1 };
      const answer = await world.alice.rest.refused(422, 'POST', '/tasks', { body });
      assertShape(answer, invalid);
      const fields = Object.keys(answer.error.fields).sort();
      assert.deepEqual(fields, ['due_date', 'estimated_hours', 'status', 'title']);
      const long = { project_id: project.id, title: 'x'.repeat(501) };
      const { error } = await world.alice.rest.refused(422, 'POST', '/tasks', { body: long });
      assert.deepEqual(Object.keys(error.fields), ['title']);
      const stranger = { project_id: project.id, title: 'x', assignee_id: world.mallory.id };
      const refused = await world.alice.rest.refused(422, 'POST', '/tasks', { body: stranger });
      assert.deepEqual(Object.keys(refused.error.fields), ['assignee_id']);
    });

    test('400 for what is no JSON, 415 for another type, 413 for too much', async () => {
      const post = (raw, headers) => ({ raw, headers });
      for (const raw of ['{', '', '[1]', '"text"', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`]) {
        const answer = await world.alice.rest.ask('POST', '/tasks', post(raw));
        assert.ok([400, 422].includes(answer.status), `${raw}: ${answer.status}`);
        assert.ok(answer.body.error.code);
      }
      await world.alice.rest.refused(415, 'POST', '/tasks', post('a=1', { 'content-type': 'text/plain' }));
      const large = JSON.stringify({ project_id: project.id, title: 'x'.repeat(2_000_000) });
      await world.alice.rest.refused(413, 'POST', '/tasks', post(large));
    });
  });

  describe('lists', () => {
    const titles = (tasks) => tasks.map((one) => one.title);
    let list;

    beforeEach(async () => {
      list = await world.project(world.alice, world.bob);
      const due = (day) => `2026-12-0${day}T00:00:00Z`;
      const rows = [
        { title: 'a', priority: 'low', status: 'todo', due_date: due(3) },
        { title: 'b', priority: 'critical', status: 'done', due_date: due(1) },
        { title: 'c', priority: 'high', status: 'todo', assignee_id: world.bob.id },
        { title: 'd', priority: 'medium', status: 'review', due_date: '2020-01-01' },
        { title: 'e', priority: 'medium', status: 'todo', description: 'a NEEDLE' },
      ];
      for (const [position, row] of rows.entries()) {
        await world.task(world.alice, list, { position, ...row });
      }
    });

    const query = (more) => world.alice.rest.get(`/tasks?project_id=${list.id}&${more}`);

    test('filters', async () => {
      assert.deepEqual(titles(await query('status=todo')), ['a', 'c', 'e']);
      assert.deepEqual(titles(await query('priority=medium')), ['d', 'e']);
      assert.deepEqual(titles(await query(`assignee_id=${world.bob.id}`)), ['c']);
      assert.deepEqual(titles(await query('q=needle')), ['e']);
      assert.deepEqual(titles(await query('overdue=true')), ['d']);
      assert.deepEqual(titles(await query('status=todo&priority=low')), ['a']);
      assert.deepEqual(titles(await world.alice.rest.get(`/projects/${list.id}/tasks?status=review`)), ['d']);
      await world.alice.rest.refused(422, 'GET', '/tasks?status=huge');
    });

    test('sort', async () => {
      assert.deepEqual(titles(await query('sort=priority')), ['a', 'd', 'e', 'c', 'b']);
      assert.deepEqual(titles(await query('sort=-priority')), ['b', 'c', 'e', 'd', 'a']);
      assert.deepEqual(titles(await query('sort=due_date')), ['d', 'b', 'a', 'c', 'e']);
      assert.deepEqual(titles(await query('sort=-created_at')), ['e', 'd', 'c', 'b', 'a']);
      assert.deepEqual(titles(await query('sort=-position')), ['e', 'd', 'c', 'b', 'a']);
      await world.alice.rest.refused(422, 'GET', '/tasks?sort=colour');
    });

    test('pages', async () => {
      const path = `/tasks?project_id=${list.id}&sort=-created_at&limit=2`;
      const first = await world.alice.rest.ask('GET', path);
      assert.deepEqual(titles(first.body), ['e', 'd']);
      const next = nextPage(first.headers.get('link'));
      assert.deepEqual(titles(await world.alice.rest.get(next)), ['c', 'b']);
      assert.deepEqual(titles(await world.alice.rest.all(path)), ['e', 'd', 'c', 'b', 'a']);
      const exact = await world.alice.rest.ask('GET', `/tasks?project_id=${list.id}&limit=5`);
      assert.deepEqual([exact.body.length, exact.headers.get('link')], [5, null]);
      await world.alice.rest.refused(422, 'GET', '/tasks?limit=many');
    });

    test('show nobody what is not his', async () => {
      assert.deepEqual(await world.mallory.rest.all('/projects'), [world.mallory.home]);
      const seen = await world.mallory.rest.all('/tasks');
      assert.ok(seen.every((one) => one.project_id === world.mallory.home.id));
      await world.mallory.rest.refused(404, 'GET', `/tasks?project_id=${list.id}`);
      await world.mallory.rest.refused(404, 'GET', `/projects/${list.id}/members`);
    });
  });
});

// Writes that depend on what was seen, and writes that are asked for twice.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { World } from '../lib/world.js';

describe('native REST: conditional and repeated writes', () => {
  let world;
  let [project, task] = [];
  let watcher;

  before(async () => {
    world = await World.start(['alice', 'bob']);
    watcher = await world.client(world.alice);
  });
  after(() => world.stop());
  beforeEach(async () => {
    project = await world.project(world.alice, world.bob);
    task = await world.task(world.alice, project);
    await watcher.drain();
  });

  test('If-Match: the version that was seen, or 412', async () => {
    const path = `/tasks/${task.id}`;
    const read = await world.bob.rest.ask('GET', path);
    const headers = { 'if-match': read.headers.get('etag') };
    await world.bob.rest.patch(path, { title: 'first' }, { headers });
    await watcher.next('task_updated');
    const body = { title: 'second' };
    const conflict = await world.bob.rest.refused(412, 'PATCH', path, { headers, body });
    assert.equal(conflict.error.code, 'version_conflict');
    await world.alice.rest.refused(412, 'DELETE', path, { headers: { 'if-match': '"1"' } });
    assert.equal((await world.bob.rest.get(path)).title, 'first');
    await watcher.quiet();
    await world.bob.rest.patch(path, body, { headers: { 'if-match': '2' } });
    assert.equal((await watcher.next('task_updated')).task.title, 'second');
  });

  test('Idempotency-Key: the same answer again, and one event', async () => {
    const options = {
      body: { project_id: project.id, title: 'once' },
      headers: { 'idempotency-key': 'key-1' },
    };
    const first = await world.bob.rest.ask('POST', '/tasks', options);
    const again = await world.bob.rest.ask('POST', '/tasks', options);
    assert.deepEqual([first.status, first.headers.get('idempotency-replayed')], [201, null]);
    assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [201, 'true']);
    assert.deepEqual(again.body, first.body);
    assert.equal(again.headers.get('chorus-cursor'), first.headers.get('chorus-cursor'));
    assert.equal((await watcher.next('task_created')).task.id, first.body.id);
    await watcher.quiet();
    const other = { ...options, body: { ...options.body, title: 'twice' } };
    await world.bob.rest.refused(422, 'POST', '/tasks', other);
    const alices = await world.alice.rest.ask('POST', '/tasks', options);
    assert.notEqual(alices.body.id, first.body.id, 'a key belongs to who uses it');
    const found = await world.alice.rest.all(`/tasks?project_id=${project.id}`);
    assert.equal(found.filter((one) => one.title === 'once').length, 2);
  });

  test('sixteen at once with one key make one task', async () => {
    const body = { project_id: project.id, title: 'once' };
    const headers = { 'idempotency-key': 'key-2' };
    const ask = () => world.bob.rest.ask('POST', '/tasks', { body, headers });
    const answers = await Promise.all(Array.from({ length: 16 }, ask));
    assert.deepEqual(new Set(answers.map((one) => one.status)), new Set([201]));
    assert.equal(new Set(answers.map((one) => one.body.id)).size, 1);
    await watcher.next('task_created');
    await watcher.quiet();
  });

  test('every write names its place in the log', async () => {
    const made = await world.bob.rest.ask('POST', '/tasks', {
      body: { project_id: project.id, title: 'placed' },
    });
    const cursor = made.headers.get('chorus-cursor');
    assert.match(cursor, /^[a-z0-9]+-\d+$/i);
    assert.equal(cursor, await world.bob.rest.cursor());
  });
});

// Comments that answer others: over REST and in native words. What SkyBuild Pro hears of them is in
// skybuild-events.test.js.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { NativeSocket } from '../lib/native.js';
import { World } from '../lib/world.js';

describe('comments that answer others', () => {
  let world;
  let [project, task, first, watcher] = [];

  before(async () => (world = await World.start(['alice', 'bob', 'vera', 'mallory'])));
  after(() => world.stop());
  beforeEach(async () => {
    watcher?.close();
    project = await world.project(world.alice, world.bob, [world.vera, 'viewer']);
    task = await world.task(world.alice, project);
    first = await world.alice.rest.post(list(), { body: 'Wet?' });
    watcher = await NativeSocket.connected(world.vera);
    await watcher.ask('subscribe', { room: `project:${project.id}` });
  });

  const list = (of = task) => `/tasks/${of.id}/comments`;
  const refused = async (parent, status, fields, person = world.bob) => {
    const body = { body: 'Dry', parent_id: parent };
    const { error } = await person.rest.refused(status, 'POST', list(), { body });
    assert.deepEqual(error.fields, fields);
  };
  const unknown = { parent_id: 'must name a comment on the task' };

  test('an answer names what it answers, and is told, listed, found and changed with that', async () => {
    const answer = await world.vera.rest.post(list(), { body: 'Dry enough', parent_id: String(first.id) });
    assert.deepEqual([first.parent_id, answer.parent_id], [null, first.id]);
    assert.deepEqual((await watcher.next('comment.created')).payload.comment, answer);
    const again = await world.bob.rest.post(list(), { body: 'Said who?', parent_id: answer.id });
    assert.equal(again.parent_id, answer.id, 'an answer can be answered');
    assert.deepEqual(await world.bob.rest.get(list()), [first, answer, again]);
    assert.deepEqual(await world.bob.rest.get(`/comments/${answer.id}`), answer);
    const { comments } = await world.bob.rest.get('/search?q=enough');
    assert.deepEqual(comments.map(({ id, parent_id }) => [id, parent_id]), [[answer.id, first.id]]);
    const edited = await world.vera.rest.patch(`/comments/${answer.id}`, { body: 'Dry', parent_id: again.id });
    assert.deepEqual([edited.body, edited.parent_id], ['Dry', first.id], 'what it answers stays');
  });

  test('only a comment on the same task that is there can be answered', async () => {
    const elsewhere = await world.task(world.alice, project);
    const other = await world.alice.rest.post(list(elsewhere), { body: 'Other' });
    const mine = await world.task(world.mallory, world.mallory.home);
    const hidden = await world.mallory.rest.post(list(mine), { body: 'Hidden' });
    const cursor = await world.alice.rest.cursor();
    for (const parent of [other.id, hidden.id, 999_999_999]) await refused(parent, 422, unknown);
    for (const odd of [0, -1, 1.5, '', 'x', [first.id], { id: first.id }, true, '99999999999999999999']) {
      await refused(odd, 422, { parent_id: 'must be an id' });
    }
    await refused(first.id, 404, undefined, world.mallory);
    assert.deepEqual((await world.alice.rest.feed(cursor)).events, [], 'nothing was stored');
    assert.equal((await world.bob.rest.post(list(), { body: 'Dry', parent_id: null })).parent_id, null);
  });

  test('what answers a comment stays when that is deleted, which cannot be answered any more', async () => {
    const answer = await world.bob.rest.post(list(), { body: 'Dry', parent_id: first.id });
    await world.alice.rest.delete(`/comments/${first.id}`);
    assert.deepEqual(await world.bob.rest.get(list()), [answer]);
    await refused(first.id, 422, unknown);
    const native = await NativeSocket.connected(world.bob);
    const wrong = await native.ask('comment.create', { task_id: task.id, body: 'Dry', parent_id: first.id });
    assert.deepEqual([wrong.error.code, wrong.error.fields], ['invalid', unknown]);
    const { data } = await native.ask('comment.create', { task_id: task.id, body: 'Dry', parent_id: answer.id });
    assert.equal(data.parent_id, answer.id);
    native.close();
  });

  test('a key that is sent again brings the same answer, and another one under it none', async () => {
    const key = { headers: { 'idempotency-key': `answer-${task.id}` } };
    const answer = await world.bob.rest.post(list(), { body: 'Dry', parent_id: first.id }, key);
    assert.deepEqual(await world.bob.rest.post(list(), { body: 'Dry', parent_id: first.id }, key), answer);
    const { error } = await world.bob.rest.refused(422, 'POST', list(), { ...key, body: { body: 'Dry' } });
    assert.equal(error.code, 'key_reused');
    assert.equal((await world.bob.rest.get(list())).length, 2);
  });
});

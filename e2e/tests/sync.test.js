// The feed for clients without sockets: what happened after a cursor, exactly once and in order,
// to whoever may see it, also after a restart.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { within } from '../lib/deadline.js';
import { Metrics } from '../lib/metrics.js';
import { assertShape, id, instant } from '../lib/shapes.js';
import { World } from '../lib/world.js';

describe('the feed', () => {
  let world;
  before(async () => (world = await World.start(['alice', 'bob', 'mallory'])));
  after(() => world.stop());

  /** Until so many requests wait for news. */
  const waiting = async (count) => {
    const here = async () => {
      while ((await Metrics.of(world.server.url)).value('chorus_feed_waiting') !== count);
    };
    await within(here(), `${count} who wait`);
  };
  const kinds = (events) => events.map((event) => event.kind);

  test('what happened, in order, each with its place', async () => {
    const since = await world.bob.rest.cursor();
    const project = await world.project(world.alice, world.bob);
    const task = await world.task(world.alice, project, { assignee_id: world.bob.id });
    await world.bob.rest.patch(`/tasks/${task.id}`, { title: 'New', status: 'done' });
    await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: 'done' });
    await world.alice.rest.delete(`/tasks/${task.id}`);
    const { events, cursor } = await world.bob.rest.feed(since);
    assert.deepEqual(kinds(events), [
      'member.added',
      'task.created',
      'notification.created',
      'task.updated',
      'task.status_changed',
      'comment.created',
      'task.deleted',
    ]);
    const places = events.map((event) => event.sync_id);
    assert.deepEqual(places, [...new Set(places)].sort((a, b) => a - b), 'ids rise');
    const [, created] = events;
    assertShape(created, {
      sync_id: id,
      scope: { project: project.id },
      actor: (actor) => actor.id === world.alice.id && actor.username === 'alice',
      at: instant,
      kind: 'task.created',
      payload: { task },
    });
    assert.deepEqual((await world.bob.rest.feed(cursor)).events, [], 'nothing comes twice');
  });

  test('shows what happened while one belonged, and nothing else', async () => {
    const since = await world.mallory.rest.cursor();
    const project = await world.project(world.alice);
    const tell = (title) => world.task(world.alice, project, { title });
    await tell('before');
    await world.alice.rest.post(`/projects/${project.id}/members`, { user_id: world.mallory.id });
    await tell('while');
    await world.alice.rest.delete(`/projects/${project.id}/members/${world.mallory.id}`);
    await tell('after');
    const { events } = await world.mallory.rest.feed(since);
    assert.deepEqual(kinds(events), ['member.added', 'task.created', 'member.removed']);
    assert.equal(events[1].payload.task.title, 'while');
  });

  test('cursors that lead nowhere get a reset and where to go on from', async () => {
    const head = await world.alice.rest.cursor();
    const [epoch, place] = head.split('-');
    const lost = {
      'of another epoch': 'someotherepoch-1',
      'ahead of the log': `${epoch}-${Number(place) + 1_000}`,
      'that is none': 'yesterday',
      'that is a number': '0',
    };
    for (const [name, cursor] of Object.entries(lost)) {
      const answer = await world.alice.rest.get(`/sync?since=${encodeURIComponent(cursor)}`);
      assert.deepEqual([answer.events, answer.more], [[], false], name);
      assert.equal(typeof answer.reset, 'string', name);
      assert.equal(answer.cursor, head, name);
    }
  });

  test('pages hold together', async () => {
    const project = await world.project(world.alice);
    const since = await world.alice.rest.cursor();
    const count = 1_100;
    let next = 0;
    const write = async () => {
      while (next < count) await world.task(world.alice, project, { title: String(next++) });
    };
    await Promise.all(Array.from({ length: 16 }, write));
    const first = await world.alice.rest.get(`/sync?since=${since}`);
    assert.ok(first.more && first.events.length < count, 'there is more than one page');
    const { events } = await world.alice.rest.feed(since);
    const from = Number(since.split('-')[1]);
    assert.deepEqual(
      events.map((event) => event.sync_id),
      Array.from({ length: count }, (_, at) => from + 1 + at),
    );
    assert.equal(new Set(events.map((event) => event.payload.task.title)).size, count);
  });

  test('waits until there is something for the caller, and tells it once', async () => {
    const project = await world.project(world.alice, world.bob);
    let cursor = await world.bob.rest.cursor();
    for (let n = 0; n < 5; n += 1) {
      const answer = world.bob.rest.get(`/sync?since=${cursor}&wait=30`);
      await waiting(1);
      // Not for bob: he goes on waiting.
      await world.task(world.mallory, world.mallory.home);
      await waiting(1);
      const task = await world.task(world.alice, project, { title: `task ${n}` });
      const { events, more } = await answer;
      assert.deepEqual(events.map(({ payload }) => payload.task), [task]);
      assert.equal(more, false);
      ({ cursor } = await answer);
    }
    const since = await world.bob.rest.cursor();
    assert.deepEqual(await world.bob.rest.get(`/sync?since=${since}&wait=1`), { events: [], cursor: since, more: false });
    for (const wait of ['31', '-1', 'x']) {
      const { error } = await world.bob.rest.refused(422, 'GET', `/sync?since=${since}&wait=${wait}`);
      assert.deepEqual(error.fields, { wait: 'must be between 0 and 30' });
    }
  });

  test('hears of a project that it is taken into while it waits', async () => {
    const project = await world.project(world.alice);
    const answer = world.bob.rest.get(`/sync?since=${await world.bob.rest.cursor()}&wait=30`);
    await waiting(1);
    await world.alice.rest.post(`/projects/${project.id}/members`, { user_id: world.bob.id });
    assert.deepEqual(kinds((await answer).events), ['member.added']);
  });

  test('whoever waits is answered when the server stops', async () => {
    const cursor = await world.bob.rest.cursor();
    const answer = world.bob.rest.get(`/sync?since=${cursor}&wait=30`);
    await waiting(1);
    await Promise.all([answer, world.server.end('SIGTERM')]);
    assert.deepEqual(await answer, { events: [], cursor, more: false });
    await world.server.restart();
  });

  test('goes on after a restart where it was', async () => {
    const project = await world.project(world.alice);
    const since = await world.alice.rest.cursor();
    const task = await world.task(world.alice, project);
    await world.server.end('SIGTERM');
    await world.server.restart();
    await world.alice.rest.patch(`/tasks/${task.id}`, { title: 'after' });
    const { events } = await world.alice.rest.feed(since);
    assert.deepEqual(kinds(events), ['task.created', 'task.updated']);
  });
});

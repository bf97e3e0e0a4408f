// What `/metrics` tells: that figures move with what happens and return with what ends, that every
// line is of the format, and that nothing of what people are called or write is in it.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { DEADLINE_MS } from '../lib/deadline.js';
import { Metrics } from '../lib/metrics.js';
import { RawSocket } from '../lib/raw.js';
import { Client, TRANSPORTS } from '../lib/sockets.js';
import { World } from '../lib/world.js';

const HISTOGRAMS = [
  'chorus_commit_duration_seconds',
  'chorus_fan_out_duration_seconds',
  'chorus_commit_to_flush_duration_seconds',
];

describe('metrics', () => {
  let world;

  before(async () => (world = await World.start(['alice', 'bob'])));
  after(() => world.stop());
  afterEach(() => world.closeClients());

  const read = () => Metrics.of(world.server.url);

  /** Reads until a figure has this value: what ends in the server is not told to its client. */
  const until = async (sample, expected) => {
    for (const began = performance.now(); ; ) {
      const value = (await read()).value(sample);
      if (value === expected) return;
      assert.ok(performance.now() - began < DEADLINE_MS, `${sample} is ${value}, not ${expected}`);
    }
  };

  test('every figure has a name of ours, with its unit', async () => {
    const { types } = await read();
    for (const [name, type] of types) {
      assert.match(name, /^chorus_/);
      if (type === 'histogram') assert.match(name, /_seconds$/);
      assert.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
    }
    for (const name of HISTOGRAMS) assert.equal(types.get(name), 'histogram');
  });

  test('changes are counted from the command to the frame', async () => {
    const project = await world.project(world.alice, world.bob);
    const bob = await world.client(world.bob);
    const before = await read();
    for (let n = 0; n < 5; n += 1) {
      await world.task(world.alice, project, { title: `Task ${n}` });
      await bob.next('task_created');
    }
    const then = await read();
    const moved = (sample) => then.value(sample) - before.value(sample);
    assert.equal(moved('chorus_events_committed_total'), 5);
    assert.equal(moved('chorus_events_published_total'), 5);
    assert.equal(moved('chorus_published_sync_id'), 5);
    assert.ok(moved('chorus_deliveries_total') >= 5);
    assert.ok(moved('chorus_commands_total') >= 5);
    assert.ok(moved('chorus_commits_total') >= 5, 'each was waited for');
    assert.equal(moved('chorus_http_requests_total{route="/api/v1/tasks",status="2xx"}'), 5);
    for (const full of ['writer', 'reader', 'hand_over']) {
      assert.equal(then.value(`chorus_${full}_queue_full_total`), 0);
    }
  });

  test('histograms add up', async () => {
    const project = await world.project(world.alice);
    await world.task(world.alice, project);
    // What was flushed before the answer to a question of the same client was timed.
    await (await world.client(world.alice)).drain();
    const metrics = await read();
    for (const name of HISTOGRAMS) {
      const buckets = metrics.buckets(name);
      const counts = buckets.map(([, count]) => count);
      assert.deepEqual(counts, counts.toSorted((a, b) => a - b), `${name} is cumulative`);
      assert.equal(buckets.at(-1)[0], '+Inf');
      assert.equal(buckets.at(-1)[1], metrics.value(`${name}_count`));
      assert.ok(metrics.value(`${name}_count`) > 0, `${name} was observed`);
      assert.ok(metrics.value(`${name}_sum`) > 0, `${name} took time`);
    }
    const sum = (name) => metrics.value(`chorus_${name}_duration_seconds_sum`);
    assert.ok(sum('commit_to_flush') >= sum('fan_out'), 'the way from the disk is part of it');
  });

  for (const transport of TRANSPORTS) {
    test(`sessions come and go, on ${transport.name}`, async () => {
      const there = `chorus_sessions{transport="${transport.ends}"}`;
      await until('chorus_connections{dialect="taskmanager"}', 0);
      await until(there, 0);
      const [bob] = await world.clients(transport, world.bob);
      await until(there, 1);
      await until('chorus_connections{dialect="taskmanager"}', 1);
      assert.equal((await read()).value('chorus_users'), 1);
      bob.close();
      await until(there, 0);
      await until('chorus_connections{dialect="taskmanager"}', 0);
    });
  }

  test('ends are counted by their reason', async () => {
    const malformed = 'chorus_sessions_ended_total{reason="malformed"}';
    const ended = (await read()).value(malformed);
    const raw = await RawSocket.connected(world.bob);
    raw.sendText('4nonsense');
    await raw.closed();
    await until(malformed, ended + 1);
  });

  test('refusals are counted by their reason', async () => {
    const invalid = 'chorus_handshakes_refused_total{reason="invalid_token"}';
    const unknown = 'chorus_engine_requests_refused_total{reason="unknown_session"}';
    const before = await read();
    await Client.refusal(world.bob, { query: { token: 'nonsense' } });
    const { status } = await world.bob.rest.ask('GET', '/socket.io/?EIO=4&transport=polling&sid=x', {
      root: true,
    });
    assert.equal(status, 400);
    const then = await read();
    assert.equal(then.value(invalid) - before.value(invalid), 1);
    assert.equal(then.value(unknown) - before.value(unknown), 1);
  });

  test('nothing that somebody sent is told', async () => {
    const project = await world.project(world.alice, world.bob);
    const bob = await world.client(world.bob);
    await world.task(world.alice, project, { title: 'unmistakable' });
    await bob.next('task_created');
    await world.bob.rest.ask('GET', `/tasks/${project.id}/alice`);
    await world.bob.rest.ask('GET', '/unmistakable/path', { root: true });
    const { labels } = await read();
    assert.ok(labels.has('/api/v1/projects'), 'routes are told');
    assert.ok(labels.has('unknown'), 'what is no route is told as one');
    const secrets = ['alice', 'bob', 'root', 'unmistakable', String(project.id), world.bob.token];
    for (const label of labels) {
      for (const secret of secrets) {
        const whole = /^\d+$/.test(secret) ? label.split('/').includes(secret) : label.includes(secret);
        assert.ok(!whole, `${secret} in the label ${label}`);
      }
    }
  });
});

// What other back ends tell with a service token: their own events, as they are, to clients of
// every dialect.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { envelopeClaims, offset } from '../lib/envelope.js';
import { NativeRaw, NativeSocket } from '../lib/native.js';
import { Rest } from '../lib/rest.js';
import { assertShape, id, instant } from '../lib/shapes.js';
import { claimsOf, mint } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const EVENT = 'deploy.finished';
const DATA = { build: 17, ok: true, text: '<b>ü</b>', nested: [null, { a: 1.5 }] };

describe('custom events', () => {
  let [world, project, service] = [];
  before(async () => {
    world = await World.start(['alice', 'bob', 'mallory', 'backend']);
    project = await world.project(world.alice, world.bob);
    const token = mint(claimsOf('backend', envelopeClaims({ type: 'service' })));
    service = new Rest(world.server.url, token);
  });
  after(() => world.stop());
  afterEach(() => world.closeClients());

  const natives = [];
  afterEach(() => natives.splice(0).forEach((client) => client.close()));
  const native = async (Kind, person) => {
    const client = await Kind.connected(person);
    natives.push(client);
    return client;
  };
  const emit = (body, headers) =>
    service.ask('POST', body.events ? '/events/batch' : '/events', { body, headers });

  /** Alice on the board, Bob on a raw socket, both natively: each in the project's room. */
  const everyone = async () => {
    const board = await world.client(world.alice);
    const raw = await world.envelope(world.bob);
    await raw.join(`project:${project.id}`);
    const ours = [await native(NativeSocket, world.alice), await native(NativeRaw, world.bob)];
    for (const client of ours) await client.ask('subscribe', { room: `project:${project.id}` });
    return { board, raw, ours };
  };

  for (const durable of [true, false]) {
    test(`to a project, ${durable ? 'kept' : 'passing'}, in each dialect as it is`, async () => {
      const { board, raw, ours } = await everyone();
      const stranger = await world.client(world.mallory);
      const room = `project:${project.id}`;
      const { status, body, headers } = await emit({ room, event: EVENT, data: DATA, durable });
      assert.equal(status, 201);
      assertShape(body.sync_ids, [durable ? id : null]);
      assert.ok(headers.get('chorus-cursor'));
      assert.deepEqual(await board.next(EVENT), DATA);
      assertShape(await raw.next(EVENT), { type: EVENT, room, data: DATA, timestamp: offset });
      for (const client of ours) {
        const said = { room, event: EVENT, data: DATA };
        if (durable) {
          const { sync_id: place, payload } = await client.next('custom');
          assert.deepEqual([place, payload], [body.sync_ids[0], said]);
        } else {
          assertShape(await client.next('passing'), { ...said, at: instant });
        }
      }
      await stranger.quiet();
      assert.ok(!stranger.heard.some(({ name }) => name === EVENT), 'no member, no word');
    });
  }

  test('to one person and to everyone', async () => {
    const [alice, mallory] = [await world.client(world.alice), await world.client(world.mallory)];
    const raw = await world.envelope(world.bob);
    await emit({ room: `user:${world.alice.id}`, event: 'hello', data: 'you' });
    await emit({ room: 'everyone', event: 'maintenance', data: { at: 'noon' }, durable: false });
    assert.deepEqual(await alice.next('hello'), 'you');
    for (const client of [alice, mallory]) {
      assert.deepEqual(await client.next('maintenance'), { at: 'noon' });
    }
    const frame = await raw.next('maintenance');
    assertShape(frame, { type: 'maintenance', data: { at: 'noon' }, timestamp: offset });
    assert.ok(!mallory.heard.some(({ name }) => name === 'hello'));
  });

  test('kept ones are in the feed of who may see them', async () => {
    const since = await world.bob.rest.cursor();
    const events = [
      { room: `project:${project.id}`, event: 'one', data: 1 },
      { room: 'everyone', event: 'two' },
      { room: `user:${world.alice.id}`, event: 'three' },
      { room: 'channel:9', event: 'four', durable: false },
    ];
    const { status, body } = await emit({ events });
    assert.equal(status, 201);
    assertShape(body.sync_ids, [id, id, id, null]);
    const kept = async (person) => {
      const feed = await person.rest.feed(since);
      return feed.events.map(({ kind, payload }) => `${kind} ${payload.event}`);
    };
    assert.deepEqual(await kept(world.bob), ['custom one', 'custom two']);
    assert.deepEqual(await kept(world.alice), ['custom one', 'custom two', 'custom three']);
    assert.deepEqual(await kept(world.mallory), ['custom two']);
    const [told] = (await world.bob.rest.feed(since)).events;
    assertShape(told, {
      sync_id: id,
      scope: { project: project.id },
      actor: ({ username }) => username === 'backend',
      at: instant,
      kind: 'custom',
      payload: events[0],
    });
  });

  test('a batch is told whole or not at all, and once per key', async () => {
    const board = await world.client(world.alice);
    const room = `project:${project.id}`;
    const batch = { events: [{ room, event: 'a', durable: false }, { room, event: 'b' }] };
    const broken = { events: [...batch.events, { room: 'project:999999', event: 'c' }] };
    const refused = await emit(broken);
    assert.deepEqual([refused.status, refused.body.error.code], [404, 'not_found']);
    const key = { 'idempotency-key': 'once' };
    const first = await emit(batch, key);
    const again = await emit(batch, key);
    assert.deepEqual([first.status, again.status], [201, 201]);
    assert.deepEqual(again.body, first.body);
    await emit({ room, event: 'end' });
    await board.next('end');
    const heard = board.heard.map(({ name }) => name).filter((name) => ['a', 'b'].includes(name));
    assert.deepEqual(heard.sort(), ['a', 'b']);
  });

  test('only services may, and nothing but that', async () => {
    const asked = { body: { room: 'everyone', event: 'x' } };
    const code = async (rest, path = '/events', options = asked) => {
      const { status, body } = await rest.ask('POST', path, options);
      return [status, body.error.code];
    };
    assert.deepEqual(await code(world.root.rest), [401, 'wrong_token_type']);
    assert.deepEqual(await code(new Rest(world.server.url)), [401, 'not_authenticated']);
    assert.deepEqual(await code(service, '/projects', { body: { name: 'x' } }), [401, 'wrong_token_type']);
  });

  test('what is wrong is named', async () => {
    const wrong = async (body) => (await emit(body)).body.error.fields;
    assert.deepEqual(Object.keys(await wrong({})).sort(), ['event', 'room']);
    const fields = await wrong({ events: [{ room: 'everyone', event: 'ok' }, { room: 'lobby', event: 'connect' }] });
    assert.deepEqual(Object.keys(fields).sort(), ['events[1].event', 'events[1].room']);
    assert.deepEqual(Object.keys(await wrong({ room: 'channel:1', event: 'x' })), ['durable']);
    assert.deepEqual(Object.keys(await wrong({ events: [] })), ['events']);
  });
});

// What an address, a user and a session may do, each limit with its answer and its counter.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';

import WebSocket from 'ws';

import { deferred, within } from '../lib/deadline.js';
import { refusal } from '../lib/envelope.js';
import { Metrics } from '../lib/metrics.js';
import { NativeRaw, NativeSocket } from '../lib/native.js';
import { RawSocket } from '../lib/raw.js';
import { assertShape, instant } from '../lib/shapes.js';
import { World } from '../lib/world.js';

const SOCKET = '/socket.io/?EIO=4&transport=polling';
const NEVER = '1';

describe('limits', () => {
  let world;
  afterEach(() => world.stop());

  const start = async (env) => (world = await World.start(['alice', 'bob'], { env }));
  const counted = async (sample) => (await Metrics.of(world.server.url)).value(sample);

  /** A handshake over polling, from the address that a proxy on this machine tells. */
  const handshake = async (from) => {
    const headers = from === undefined ? {} : { 'x-forwarded-for': from };
    const response = await within(fetch(`${world.server.url}${SOCKET}`, { headers }), 'a handshake');
    const body = await response.text();
    return { status: response.status, again: response.headers.get('retry-after'), body };
  };

  const tooMany = (message) => ({
    status: 429,
    again: '1',
    body: `{"code":4,"message":"${message}"}`,
  });

  test('handshakes of an address, over every transport', async () => {
    await start({ CHORUS_HANDSHAKES_PER_SECOND: NEVER, CHORUS_HANDSHAKE_BURST: '3' });
    for (let n = 0; n < 3; n += 1) assert.equal((await handshake('192.0.2.1')).status, 200);
    assert.deepEqual(await handshake('192.0.2.1'), tooMany('Too many handshakes'));
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    for (const path of ['/socket.io/?EIO=4&transport=websocket', '/api/v1/ws/connect?token=x']) {
      const answered = deferred();
      const socket = new WebSocket(world.server.url.replace('http', 'ws') + path, { headers });
      socket.on('unexpected-response', (_, response) => answered.resolve(response.statusCode));
      socket.on('open', () => answered.reject(new Error('let in')));
      assert.equal(await within(answered.promise, 'a refusal'), 429);
    }
    assert.equal((await handshake('192.0.2.2')).status, 200, 'another address is not touched');
    const reason = 'chorus_engine_requests_refused_total{reason="too_many_handshakes"}';
    assert.equal(await counted(reason), 3);
  });

  /** What is refused, over each way in. */
  const refusals = {
    'a namespace that is none': () => connectError('40/nowhere,'),
    'a token in CONNECT': () => connectError('40/native,{"token":"x"}'),
    'a token of a raw socket': () => refusal(world.server.url, { token: 'x' }),
  };
  const connectError = async (text) => {
    const raw = await RawSocket.open(world.server.url, '');
    raw.sendText(text);
    await raw.nextThat((message) => message.startsWith('44'));
    raw.destroy();
  };

  for (const [what, refused] of Object.entries(refusals)) {
    test(`refusals of an address: ${what}`, async () => {
      await start({ CHORUS_REFUSALS_PER_SECOND: NEVER, CHORUS_REFUSAL_BURST: '1' });
      const throttled = async () => {
        for (;;) {
          await refused();
          const answer = await handshake();
          if (answer.status !== 200) return answer;
        }
      };
      assert.deepEqual(await within(throttled(), 'a limit'), tooMany('Too many refused handshakes'));
      assert.equal((await handshake('192.0.2.2')).status, 200, 'another address is not touched');
      assert.equal(await counted('chorus_engine_requests_refused_total{reason="too_many_refusals"}'), 1);
    });
  }

  test('sessions of an address that nobody has let in', async () => {
    await start({ CHORUS_STRANGERS_PER_ADDRESS: '2' });
    const alice = await NativeSocket.connected(world.alice);
    // The welcome may come before the session's own task has taken note of it.
    while ((await counted('chorus_strangers')) > 0) assert.equal((await alice.ask('ping')).ok, true);
    for (let n = 0; n < 2; n += 1) assert.equal((await handshake()).status, 200);
    assert.deepEqual(await handshake(), tooMany('Too many sessions without authentication'));
    assert.equal(await counted('chorus_strangers'), 2);
    assert.equal((await alice.ask('ping')).ok, true, 'the others go on');
    alice.close();
  });

  test('sessions that nobody has let in, of all addresses', async () => {
    await start({ CHORUS_STRANGERS: '2' });
    const one = await RawSocket.open(world.server.url, world.alice.token);
    assert.equal((await handshake('192.0.2.1')).status, 200);
    const { status, again } = await handshake('192.0.2.2');
    assert.deepEqual([status, again], [503, '1']);
    one.sendText('40/native,');
    await one.nextThat((message) => message.startsWith('40/native,'));
    await one.pinged();
    assert.equal((await handshake('192.0.2.2')).status, 200, 'the first is known now');
    one.destroy();
  });

  test('only trusted proxies tell addresses', async () => {
    await start({
      CHORUS_HANDSHAKES_PER_SECOND: NEVER,
      CHORUS_HANDSHAKE_BURST: '1',
      CHORUS_TRUSTED_PROXIES: '192.0.2.0/24',
    });
    assert.equal((await handshake('198.51.100.1')).status, 200);
    assert.equal((await handshake('198.51.100.2')).status, 429, 'both are this machine');
  });

  test('requests of a user over all his connections', async () => {
    await start({ CHORUS_USER_REQUESTS_PER_SECOND: NEVER, CHORUS_USER_REQUEST_BURST: '4' });
    const [one, two, bob] = await Promise.all([
      NativeSocket.connected(world.alice),
      NativeRaw.connected(world.alice),
      NativeSocket.connected(world.bob),
    ]);
    for (const client of [one, two, one, two]) assert.equal((await client.ask('ping')).ok, true);
    for (const client of [one, two]) {
      const { ok, error } = await client.ask('ping');
      assert.deepEqual([ok, error.code], [false, 'too_many_requests']);
    }
    assert.equal((await bob.ask('ping')).ok, true, 'other people are not touched');
    assert.equal(await counted('chorus_requests_refused_total{reason="too_many_requests"}'), 2);
    [one, two, bob].forEach((client) => client.close());
  });

  test('bytes of a session: the excess is told once and not read', async () => {
    await start({ CHORUS_KIB_PER_SECOND: NEVER, CHORUS_KIB_BURST: '4' });
    const raw = await RawSocket.connected({ ...world.alice, rest: world.alice.rest });
    const large = `42["get_online_users",{"pad":"${'x'.repeat(2000)}"}]`;
    for (let n = 0; n < 4; n += 1) raw.sendText(large);
    const told = await raw.nextThat((message) => message.includes('Too many messages'));
    assert.equal(told, '42["error",{"message":"Too many messages"}]');
    assert.ok((await counted('chorus_messages_unread_total')) >= 1);
    raw.destroy();
  });

  test('a binary event that is not read takes its attachments with it', async () => {
    await start({ CHORUS_KIB_PER_SECOND: NEVER, CHORUS_KIB_BURST: '2' });
    const raw = await RawSocket.connected(world.alice);
    const large = `451-["x",{"pad":"${'x'.repeat(3000)}"},{"_placeholder":true,"num":0}]`;
    raw.sendText(large);
    raw.sendBinary(Buffer.from([1, 2, 3]));
    await raw.nextThat((message) => message.includes('Too many messages'));
    await raw.pinged();
    raw.destroy();
  });

  test('envelope: the first refusal may be a close, the next are HTTP', async () => {
    await start({ CHORUS_ENVELOPE_REFUSE: 'close' });
    const socket = new WebSocket(`${world.server.url.replace('http', 'ws')}/api/v1/ws/connect?token=forged`);
    const closed = deferred();
    socket.on('error', closed.reject);
    socket.on('close', (code, reason) => closed.resolve([code, reason.toString()]));
    const [code, reason] = await within(closed.promise, 'the end of a socket');
    assert.deepEqual([code, reason], [4401, 'Authentication failed: 401: Invalid token']);
    const again = await refusal(world.server.url, { token: 'forged' });
    assert.equal(again.status, 403);
    const other = await refusal(world.server.url, { token: 'another of the same address' });
    assert.equal(other.status, 403);
  });

  test('native: the head of the log comes with the heartbeat', async () => {
    await start({ WS_HEARTBEAT_INTERVAL: '1' });
    const quiet = await NativeRaw.connected(world.alice);
    const project = await world.project(world.bob);
    await world.task(world.bob, project);
    assert.deepEqual(quiet.names(), [], 'nothing of it concerns her');
    const now = await world.bob.rest.cursor();
    for (let reached = quiet.welcome.cursor; reached !== now; ) {
      const head = await quiet.next('head');
      assertShape(head, { cursor: (cursor) => typeof cursor === 'string', at: instant });
      reached = head.cursor;
    }
    quiet.close();
  });
});

// Heartbeats and deadlines to the millisecond. Every session must be within a bound for busy
// machines; and some session, in several rounds if need be, must show what the server itself can do.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Conformance, Linked, Polled } from '../lib/conformance.js';

const INTERVAL = 300;
const TIMEOUT = 200;
const CONNECT_TIMEOUT = 1_000;
/** Milliseconds that the busiest machine may add. */
const LATE = 100;
/** Milliseconds that the best session may be late: the server's share, the client's and the way. */
const BEST = 20;
const SESSIONS = 4;
const ROUNDS = 8;

const now = () => performance.now();

/**
 * Measures sessions at once, and again until one was as punctual as the server can be. A session
 * resolves to how late each of its events came, in milliseconds.
 */
async function punctual(session) {
  const seen = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const measured = await Promise.all(Array.from({ length: SESSIONS }, session));
    seen.push(...measured);
    const told = JSON.stringify(seen);
    assert.ok(measured.every((late) => Object.values(late).every((ms) => ms <= LATE)), told);
    if (measured.some((late) => Object.values(late).every((ms) => ms <= BEST))) return;
  }
  assert.fail(`no session was punctual: ${JSON.stringify(seen)}`);
}

describe('heartbeats', () => {
  let server;
  before(async () => {
    server = await Conformance.start();
  });
  after(() => server.stop());

  test('on a WebSocket come one interval after the handshake, and silence ends it in time', () =>
    punctual(async () => {
      const start = now();
      const linked = await Linked.session(server, '/engine.io/');
      const opened = now();
      assert.equal(await linked.next(), '2', 'the first word after the handshake is a ping');
      const pinged = now();
      assert.equal(await linked.closed(), 1000);
      const ended = now();
      assert.ok(pinged - start >= INTERVAL, `pinged ${pinged - start} ms after the request`);
      assert.ok(ended - start >= INTERVAL + TIMEOUT, `ended after ${ended - start} ms`);
      return {
        ping: pinged - opened - INTERVAL,
        end: ended - opened - INTERVAL - TIMEOUT,
      };
    }));

  test('when polled come one interval after the handshake, and silence ends it in time', () =>
    punctual(async () => {
      const start = now();
      const polled = await Polled.open(server, '/engine.io/');
      const opened = now();
      assert.deepEqual(await polled.hears(), ['2']);
      const pinged = now();
      assert.equal((await polled.get()).status, 400, 'the poll that is held when it ends');
      const ended = now();
      assert.ok(pinged - start >= INTERVAL, `pinged ${pinged - start} ms after the request`);
      assert.ok(ended - start >= INTERVAL + TIMEOUT, `ended after ${ended - start} ms`);
      return {
        ping: pinged - opened - INTERVAL,
        end: ended - opened - INTERVAL - TIMEOUT,
      };
    }));

  test('that nobody polls for end the session too', async () => {
    const polled = await Polled.open(server, '/engine.io/');
    const later = await Linked.session(server, '/engine.io/');
    await later.closed();
    await polled.gone();
  });

  test('that are answered keep a session, on both transports', async () => {
    const linked = await Linked.session(server, '/engine.io/');
    const polled = await Polled.open(server, '/engine.io/');
    for (let beat = 0; beat < 3; beat += 1) {
      const heard = await Promise.all([linked.next(), polled.hears()]);
      assert.deepEqual(heard, ['2', ['2']]);
      linked.say('3');
      await polled.says('3');
    }
    linked.say('4on');
    assert.equal(await linked.next(), '4on');
    linked.close();
  });

  test('nobody who connects in no namespace stays', () =>
    punctual(async () => {
      const start = now();
      const linked = await Linked.session(server, '/socket.io/');
      const opened = now();
      await assert.rejects(
        // Heartbeats are answered: it is not for them that it ends.
        async () => assert.fail(await linked.next({ alive: true })),
        /closed with 1000/,
      );
      const ended = now();
      assert.ok(ended - start >= CONNECT_TIMEOUT, `ended after ${ended - start} ms`);
      return { end: ended - opened - CONNECT_TIMEOUT };
    }));

  test('an unknown namespace is none', async () => {
    const linked = await Linked.session(server, '/socket.io/');
    linked.say('40/random,');
    assert.equal(await linked.next(), '44/random,{"message":"Invalid namespace"}');
    await assert.rejects(linked.next({ alive: true }), /closed with 1000/);
  });

  test('whoever left all namespaces stays', async () => {
    const linked = await Linked.connected(server);
    linked.say('41');
    for (let beat = 0; beat * INTERVAL <= CONNECT_TIMEOUT; beat += 1) {
      assert.equal(await linked.next(), '2');
      linked.say('3');
    }
    linked.say('40/custom,');
    assert.match(await linked.next({ alive: true }), /^40\/custom,/);
    linked.close();
  });
});

// A mistake in a handler ends the session that met it, and that session only.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Conformance, Linked, Polled } from '../lib/conformance.js';

describe('a panic', () => {
  let server;
  before(async () => {
    server = await Conformance.start({ PING_INTERVAL: '60000', CONNECT_TIMEOUT: '60000' });
  });
  after(() => server.stop(/panicked at|the client wanted it|RUST_BACKTRACE|^$/));

  const neighbour = async (during) => {
    const there = await Linked.connected(server);
    await during();
    there.say('42["broadcast",1]');
    assert.equal(await there.next(), '42["broadcast",1]', 'the neighbour goes on');
    there.close();
  };

  test('over WebSocket closes with 1011', () =>
    neighbour(async () => {
      const linked = await Linked.connected(server);
      linked.say('42["panic"]');
      assert.equal(await linked.closed(), 1011);
    }));

  test('over long-polling ends the session', () =>
    neighbour(async () => {
      const polled = await Polled.connected(server);
      const { status } = await polled.post('42["panic"]');
      assert.equal(status, 400);
      await polled.gone();
    }));
});

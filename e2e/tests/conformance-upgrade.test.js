// From polling to a WebSocket.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Conformance, Linked, Polled, refusedSocket } from '../lib/conformance.js';

describe('an upgrade', () => {
  let server;
  before(async () => {
    server = await Conformance.start({ PING_INTERVAL: '60000', CONNECT_TIMEOUT: '60000' });
  });
  after(() => server.stop());

  const probing = async () => {
    const polled = await Polled.open(server, '/engine.io/');
    const linked = await Linked.open(server, polled.upgrade);
    linked.say('2probe');
    assert.equal(await linked.next(), '3probe');
    return { polled, linked };
  };
  const upgraded = async () => {
    const { polled, linked } = await probing();
    linked.say('5');
    linked.say('4taken over');
    assert.equal(await linked.next(), '4taken over');
    return { polled, linked };
  };

  test('moves the session', async () => {
    const { polled, linked } = await upgraded();
    await polled.gone();
    linked.say(Buffer.from([1, 2]));
    assert.deepEqual(await linked.next(), Buffer.from([1, 2]));
    linked.close();
  });

  test('releases the poll that was held with a noop', async () => {
    const polled = await Polled.open(server, '/engine.io/');
    const { answer } = await polled.held();
    const linked = await Linked.open(server, polled.upgrade);
    linked.say('2probe');
    assert.equal(await linked.next(), '3probe');
    const { status, body } = await answer;
    assert.deepEqual([status, body], [200, '6']);
    linked.close();
  });

  test('answers polls that come meanwhile with a noop', async () => {
    const { polled, linked } = await probing();
    assert.deepEqual(await polled.hears(), ['6']);
    linked.say('5');
    linked.say('4on');
    assert.equal(await linked.next(), '4on');
    linked.close();
  });

  test('refuses a poll that is held when it completes', async () => {
    const { polled, linked } = await probing();
    const held = polled.get();
    linked.say('5');
    const { status, body } = await held;
    // Which of the two the server reads first is open; a message it never is.
    assert.ok(status === 400 || body === '6', `${status} ${body}`);
    await polled.gone();
    linked.close();
  });

  test('keeps what was said meanwhile, and gives it to the socket', async () => {
    const { polled, linked } = await probing();
    await polled.says('4meanwhile');
    assert.deepEqual(await polled.hears(), ['6'], 'nothing more is given to polls');
    linked.say('5');
    assert.equal(await linked.next(), '4meanwhile');
    linked.close();
  });

  test('that is given up leaves the session polled', async () => {
    const { polled, linked } = await probing();
    linked.say('4not what is said now');
    await linked.closed();
    await polled.says('4on');
    assert.deepEqual(await polled.hears(), ['4on']);
    const second = await Linked.open(server, polled.upgrade);
    second.say('2probe');
    assert.equal(await second.next(), '3probe', 'and may be tried again');
    second.close();
  });

  test('is not tried by two sockets at once', async () => {
    const { polled, linked } = await probing();
    const second = await Linked.open(server, polled.upgrade);
    await second.closed();
    linked.say('5');
    linked.say('4on');
    assert.equal(await linked.next(), '4on');
    linked.close();
  });

  test('happens once: a second socket is closed, and the first keeps working', async () => {
    const { polled, linked } = await upgraded();
    const second = await Linked.open(server, polled.upgrade);
    await second.closed();
    linked.say('4on');
    assert.equal(await linked.next(), '4on');
    linked.close();
  });

  test('of a session that began as a WebSocket is refused', async () => {
    const linked = await Linked.session(server, '/engine.io/');
    const path = `/engine.io/?EIO=4&transport=websocket&sid=${linked.handshake.sid}`;
    assert.equal(await refusedSocket(server, path), 400);
    linked.say('4on');
    assert.equal(await linked.next(), '4on');
    linked.close();
  });
});

// Engine.IO requests over HTTP that are refused: the handshake's 400s with their codes, and posts
// to sessions that are none.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { within } from '../lib/deadline.js';
import { World } from '../lib/world.js';

const POLLING = 'EIO=4&transport=polling';

describe('bad Engine.IO requests', () => {
  let world;
  let neighbour;
  let task;

  before(async () => {
    world = await World.start(['alice', 'mallory']);
    const project = await world.project(world.alice, world.mallory);
    task = await world.task(world.alice, project);
    neighbour = await world.client(world.alice);
  });
  after(() => world.stop());
  afterEach(async () => {
    await neighbour.quiet();
    await world.alice.rest.patch(`/tasks/${task.id}`, { title: `after ${await world.root.rest.cursor()}` });
    await neighbour.next('task_updated');
  });

  const engine = async (method, query, body) => {
    const url = `${world.server.url}/socket.io/?${query}`;
    const response = await within(fetch(url, { method, body }), `${method} ${query}`);
    return { status: response.status, text: await response.text() };
  };
  const open = async () => {
    const { status, text } = await engine('GET', `${POLLING}&token=${world.mallory.token}`);
    assert.equal(status, 200);
    const { sid, upgrades } = JSON.parse(text.slice(1));
    assert.deepEqual([text[0], upgrades], ['0', ['websocket']]);
    return `${POLLING}&sid=${sid}`;
  };

  describe('the handshake', () => {
    const refused = (name, method, query, code, message) =>
      test(name, async () => {
        const { status, text } = await engine(method, query);
        assert.equal(status, 400);
        assert.deepEqual(JSON.parse(text), { code, message });
      });

    refused('without EIO', 'GET', 'transport=polling', 5, 'Unsupported protocol version');
    refused('of protocol 3', 'GET', 'EIO=3&transport=polling', 5, 'Unsupported protocol version');
    refused('of protocol "4x"', 'GET', 'EIO=4x&transport=polling', 5, 'Unsupported protocol version');
    refused('without a transport', 'GET', 'EIO=4', 0, 'Transport unknown');
    refused('for an odd transport', 'GET', 'EIO=4&transport=carrier-pigeon', 0, 'Transport unknown');
    refused('by POST', 'POST', POLLING, 2, 'Bad handshake method');
    refused('of an unknown session', 'GET', `${POLLING}&sid=abc`, 1, 'Session ID unknown');
    refused('of a websocket without an upgrade', 'GET', 'EIO=4&transport=websocket', 3, 'Bad request');
    refused('with an endless query', 'GET', `${POLLING}&token=${'x'.repeat(9_000)}`, 3, 'Bad request');
  });

  describe('a polled session', () => {
    test('that posts no packets ends', async () => {
      const session = await open();
      assert.equal((await engine('POST', session, 'x')).status, 400);
      const { status, text } = await engine('GET', session);
      assert.equal(status, 400);
      assert.equal(JSON.parse(text).code, 1, 'the session is gone');
    });

    test('that posts an event before CONNECT ends', async () => {
      const session = await open();
      assert.equal((await engine('POST', session, '42["ping"]')).status, 400);
      assert.equal((await engine('GET', session)).status, 400);
    });

    test('that posts bytes which are no text ends', async () => {
      const session = await open();
      assert.equal((await engine('POST', session, Buffer.from([0x34, 0xff, 0xfe]))).status, 400);
    });

    test('that posts too much at once ends', async () => {
      const session = await open();
      assert.equal((await engine('POST', session, 'x'.repeat(1_000_001))).status, 413);
      assert.equal((await engine('GET', session)).status, 400);
    });

    test('that posts more packets than one may ends', async () => {
      const session = await open();
      assert.equal((await engine('POST', session, Array(5_000).fill('3').join('\x1e'))).status, 400);
    });

    test('that is asked by PUT is refused', async () => {
      const session = await open();
      assert.equal((await engine('PUT', session, '40')).status, 400);
    });

    test('that polls twice at once ends, and both polls are answered', async () => {
      const session = await open();
      assert.deepEqual(await engine('POST', session, '40'), { status: 200, text: 'ok' });
      assert.match((await engine('GET', session)).text, /^40\{/);
      const both = await Promise.all([engine('GET', session), engine('GET', session)]);
      assert.ok(both.some(({ status }) => status === 400), 'one is refused');
      assert.equal((await engine('GET', session)).status, 400, 'the session is gone');
    });

    test('of a stranger is as unknown as one that never was', async () => {
      const session = await open();
      const other = session.slice(0, -1) + (session.endsWith('a') ? 'b' : 'a');
      assert.equal(JSON.parse((await engine('GET', other)).text).code, 1);
    });
  });
});

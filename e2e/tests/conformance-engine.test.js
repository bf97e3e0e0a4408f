// Engine.IO 4 as its protocol and the reference server have it: handshakes, polls, messages, ends.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Conformance, Linked, Polled, refusedSocket } from '../lib/conformance.js';

const PATH = '/engine.io/';
const MAX_PAYLOAD = 1_000;

describe('Engine.IO', () => {
  let server;
  before(async () => {
    server = await Conformance.start({
      PING_INTERVAL: '60000',
      CONNECT_TIMEOUT: '60000',
      MAX_PAYLOAD: `${MAX_PAYLOAD}`,
    });
  });
  after(() => server.stop());

  describe('the handshake', () => {
    const settings = { pingInterval: 60_000, pingTimeout: 200, maxPayload: MAX_PAYLOAD };

    test('of a poll has exactly five keys', async () => {
      const polled = await Polled.open(server, PATH);
      assert.equal(polled.opening[0], '0');
      const { sid, ...rest } = polled.handshake;
      assert.match(sid, /^[a-z0-9]{20,}$/);
      assert.deepEqual(rest, { upgrades: ['websocket'], ...settings });
    });

    test('of a WebSocket offers no upgrade', async () => {
      const linked = await Linked.session(server, PATH);
      const { sid, ...rest } = linked.handshake;
      assert.match(sid, /^[a-z0-9]{20,}$/);
      assert.deepEqual(rest, { upgrades: [], ...settings });
      linked.close();
    });

    test('may be read by every page', async () => {
      const headers = { origin: 'https://elsewhere.example' };
      const answer = await server.http('GET', `${PATH}?EIO=4&transport=polling`, { headers });
      assert.equal(answer.headers['access-control-allow-origin'], '*');
      assert.equal(answer.type, 'text/plain; charset=UTF-8');
    });
  });

  describe('a handshake is refused', () => {
    const queries = {
      'without EIO': 'transport=polling',
      'with EIO=3': 'EIO=3&transport=polling',
      'with EIO=abc': 'EIO=abc&transport=polling',
      'without transport': 'EIO=4',
      'with transport=abc': 'EIO=4&transport=abc',
      'of an unknown session': 'EIO=4&transport=polling&sid=abc',
    };
    for (const [name, query] of Object.entries(queries)) {
      test(`${name}: 400`, async () => {
        assert.equal((await server.http('GET', `${PATH}?${query}`)).status, 400);
        assert.equal((await server.http('GET', `/socket.io/?${query}`)).status, 400);
      });
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      test(`by ${method}: 400`, async () => {
        const answer = await server.http(method, `${PATH}?EIO=4&transport=polling`);
        assert.equal(answer.status, 400);
      });
    }
    for (const query of [
      'transport=websocket', 'EIO=3&transport=websocket', 'EIO=abc&transport=websocket', 'EIO=4',
      'EIO=4&transport=abc', 'EIO=4&transport=websocket&sid=abc',
    ]) {
      test(`as a WebSocket with ${query}`, async () => {
        assert.equal(await refusedSocket(server, `${PATH}?${query}`), 400);
      });
    }

    test('PUT to a session: 400, and the session goes on', async () => {
      const polled = await Polled.open(server, PATH);
      assert.equal((await server.http('PUT', polled.query)).status, 400);
      await polled.says('4on');
      assert.deepEqual(await polled.hears(), ['4on']);
    });
  });

  describe('messages come back', () => {
    test('polled, text and binary', async () => {
      const polled = await Polled.open(server, PATH);
      await polled.says('4hello');
      assert.deepEqual(await polled.hears(), ['4hello']);
      await polled.says('4€\x1ebAQIDBA==\x1e4');
      const heard = [];
      while (heard.length < 3) heard.push(...(await polled.hears()));
      assert.deepEqual(heard, ['4€', 'bAQIDBA==', '4']);
    });

    test('to a poll that was held', async () => {
      const polled = await Polled.open(server, PATH);
      const { answer } = await polled.held();
      await polled.says('4late');
      assert.deepEqual((await answer).body, '4late');
    });

    test('on a WebSocket, text and binary', async () => {
      const linked = await Linked.session(server, PATH);
      linked.say('4hello');
      assert.equal(await linked.next(), '4hello');
      linked.say(Buffer.from([1, 2, 3, 4]));
      assert.deepEqual(await linked.next(), Buffer.from([1, 2, 3, 4]));
      linked.close();
    });
  });

  describe('an end', () => {
    test('of a poll that its client gave up', async () => {
      const polled = await Polled.open(server, PATH);
      const aborter = new AbortController();
      const { answer } = await polled.held({ signal: aborter.signal });
      aborter.abort();
      await assert.rejects(answer, { name: 'AbortError' });
      await polled.gone();
    });

    test('by a second poll: the first is told, the second refused', async () => {
      const polled = await Polled.open(server, PATH);
      const { answer } = await polled.held();
      assert.equal((await polled.get()).status, 400);
      const { status, body } = await answer;
      assert.deepEqual([status, body], [200, '1']);
      await polled.gone();
    });

    test('by a close packet, while a poll is held', async () => {
      const polled = await Polled.open(server, PATH);
      const { answer } = await polled.held();
      await polled.says('1');
      const { status, body } = await answer;
      assert.deepEqual([status, body], [200, '6']);
      await polled.gone();
    });

    test('by a close packet on a WebSocket', async () => {
      const linked = await Linked.session(server, PATH);
      linked.say('1');
      assert.equal(await linked.closed(), 1000);
    });

    test('of a WebSocket is known to polls', async () => {
      const linked = await Linked.session(server, PATH);
      const poll = `${PATH}?EIO=4&transport=polling&sid=${linked.handshake.sid}`;
      assert.equal((await server.http('GET', poll)).status, 400, 'it is not polled');
      linked.say('4on');
      assert.equal(await linked.next(), '4on', 'and goes on all the same');
      linked.say('1');
      await linked.closed();
      assert.equal((await server.http('GET', poll)).status, 400);
    });
  });

  describe('packets that cannot be read end the session', () => {
    for (const body of ['abc', '', 'b!!', '4a\x1e', '\x1e4a']) {
      test(`posted ${JSON.stringify(body)}`, async () => {
        const polled = await Polled.open(server, PATH);
        assert.equal((await polled.post(body)).status, 400);
        await polled.gone();
      });
      test(`on a WebSocket ${JSON.stringify(body)}`, async () => {
        const linked = await Linked.session(server, PATH);
        // Only polls join packets, and only they carry base64.
        linked.say(body.startsWith('4') ? body.slice(2) : body);
        assert.equal(await linked.closed(), 1002);
      });
    }
  });

  describe('a message', () => {
    const largest = `4${'x'.repeat(MAX_PAYLOAD - 1)}`;

    test('of the greatest size comes back', async () => {
      const polled = await Polled.open(server, PATH);
      await polled.says(largest);
      assert.deepEqual(await polled.hears(), [largest]);
      const linked = await Linked.session(server, PATH);
      linked.say(largest);
      assert.equal(await linked.next(), largest);
      linked.close();
    });

    test('that is larger ends a polled session, and nothing of it is delivered', async () => {
      const polled = await Polled.open(server, PATH);
      const { answer } = await polled.held();
      assert.equal((await polled.post(`4first\x1e${largest}`)).status, 413);
      assert.equal((await answer).status, 400);
      await polled.gone();
    });

    test('that is larger ends a WebSocket, and nothing of it is delivered', async () => {
      const linked = await Linked.session(server, PATH);
      linked.say(`${largest}x`);
      await assert.rejects(linked.next(), /closed with 1009/);
    });
  });

  test('a raw socket echoes 16 MiB, and no more', async () => {
    const linked = await Linked.open(server, '/echo');
    const bytes = Buffer.alloc(16 << 20, 0xa5);
    linked.say(bytes);
    assert.ok(bytes.equals(await linked.next()));
    linked.say('texts too: €');
    assert.equal(await linked.next(), 'texts too: €');
    // In two fragments, so that the refusal does not meet megabytes that are still on their way.
    linked.socket.send(bytes, { fin: false });
    linked.socket.send(Buffer.alloc(1), { fin: true });
    assert.equal(await linked.closed(), 1009);
  });
});

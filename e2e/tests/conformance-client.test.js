// The stock client, and what its own test suite expects of a server (`FIXTURE=client`).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { io } from 'socket.io-client';

import { Conformance } from '../lib/conformance.js';
import { deferred, within } from '../lib/deadline.js';

const TRANSPORTS = { polling: ['polling'], websocket: ['websocket'], both: ['polling', 'websocket'] };

/** A stock client and the two things tests do with it. */
class Stock {
  constructor(server, { namespace = '/', ...options } = {}) {
    const settings = { reconnection: false, forceNew: true, ...options };
    this.socket = io(`${server.url}${namespace}`, settings);
  }

  static async connected(server, options) {
    const stock = new Stock(server, options);
    await stock.hears('connect');
    return stock;
  }

  /** The arguments of the next event of this name, without the offset of recovery. */
  hears(name) {
    const heard = deferred();
    const placed = (args) => this.socket._pid && /^\d+$/.test(args.at(-1));
    this.socket.once(name, (...args) => heard.resolve(placed(args) ? args.slice(0, -1) : args));
    return within(heard.promise, `${name} at a stock client`);
  }

  /** Says something; resolves to the arguments of its acknowledgement. */
  asks(name, ...args) {
    const answer = deferred();
    this.socket.emit(name, ...args, (...answered) => answer.resolve(answered));
    return within(answer.promise, `the acknowledgement of ${name}`);
  }

  /** Says something and waits for an event of this name. */
  async tells(name, args, answer) {
    const heard = this.hears(answer);
    this.socket.emit(name, ...args);
    return heard;
  }

  close() {
    this.socket.disconnect();
  }
}

describe('the stock client', () => {
  let server;
  before(async () => {
    server = await Conformance.start();
  });
  after(() => server.stop());

  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    test(`speaks and hears texts and bytes, with ${name}`, async () => {
      const stock = await Stock.connected(server, { transports, auth: { token: 'x' } });
      const args = ['a', 1, { deep: [Buffer.from([1, 2]), null] }, Buffer.from([3])];
      assert.deepEqual(await stock.tells('message', args, 'message-back'), args);
      assert.deepEqual(await stock.asks('message-with-ack', ...args), args);
      stock.socket.once('emit-with-ack', (...asked) => asked.pop()(...asked, Buffer.from([9])));
      const answered = deferred();
      stock.socket.on('emit-with-ack', (...told) => {
        if (typeof told.at(-1) !== 'function') answered.resolve(told);
      });
      stock.socket.emit('emit-with-ack', ...args);
      const told = await within(answered.promise, 'the answer being told');
      assert.deepEqual(told, [...args, Buffer.from([9])]);
      stock.close();
    });

    test(`outlives many heartbeats, with ${name}`, async () => {
      const stock = await Stock.connected(server, { transports });
      const beaten = deferred();
      let beats = 0;
      stock.socket.io.on('ping', () => {
        beats += 1;
        if (beats === 4) beaten.resolve();
      });
      await within(beaten.promise, 'four heartbeats');
      assert.deepEqual(await stock.asks('message-with-ack', 'on'), ['on']);
      stock.close();
    });
  }

  test('is told of its payload, its rooms and refusals', async () => {
    const stock = new Stock(server, { namespace: '/custom', auth: { token: '123' } });
    assert.deepEqual(await stock.hears('auth'), [{ token: '123' }]);
    assert.deepEqual(await stock.asks('join', 'room'), []);
    const [who] = await stock.asks('who');
    const rooms = ['room', stock.socket.id].sort();
    assert.deepEqual(who, { id: stock.socket.id, recovered: false, rooms });
    assert.deepEqual(await stock.tells('to-room', ['room', 1, 'x'], 'to-room'), [1, 'x']);
    const refused = new Stock(server, { namespace: '/random' });
    const [error] = await refused.hears('connect_error');
    assert.equal(error.message, 'Invalid namespace');
    [stock, refused].forEach((one) => one.close());
  });
});

describe('the fixture for the client’s own suite', () => {
  let server;
  let stock;
  before(async () => {
    server = await Conformance.start({ FIXTURE: 'client' });
    stock = await Stock.connected(server, {
      query: { q: 'ä b' },
      auth: { token: 'abc' },
      extraHeaders: { 'X-Suite': 'conformance' },
    });
  });
  after(async () => {
    stock.close();
    await server.stop();
  });

  test('answers hi, echo and false', async () => {
    assert.deepEqual(await stock.tells('hi', [], 'hi'), []);
    assert.deepEqual(await stock.asks('echo', 123), [123]);
    assert.deepEqual(await stock.asks('echo', Buffer.from([1])), [Buffer.from([1])]);
    assert.deepEqual(await stock.tells('false', [], 'false'), [false]);
  });

  test('asks with ack, and is content with the right answer alone', async () => {
    const content = stock.hears('got it');
    const wrong = deferred();
    stock.socket.once('ack', (answer) => {
      answer(5, { test: false });
      wrong.resolve();
    });
    stock.socket.emit('ack');
    await within(wrong.promise, 'the first question');
    let early = true;
    content.then(() => assert.ok(!early, 'the wrong answer was enough'));
    await stock.asks('echo', 'a barrier');
    early = false;
    stock.socket.once('ack', (answer) => answer(5, { test: true }));
    stock.socket.emit('ack');
    assert.deepEqual(await content, []);
  });

  test('tells the time', async () => {
    const valid = (date) => assert.ok(Math.abs(Date.now() - Date.parse(date)) < 60_000, date);
    valid((await stock.asks('getAckDate', { test: true }))[0]);
    valid((await stock.tells('getDate', [], 'takeDate'))[0]);
    valid((await stock.tells('getDateObj', [], 'takeDateObj'))[0].date);
  });

  test('tells what is not ASCII', async () => {
    const expected = ['てすと', 'Я Б Г Д Ж Й', 'Ä ä Ü ü ß', 'utf8 — string', 'utf8 — string'];
    const told = deferred();
    const heard = [];
    stock.socket.on('takeUtf8', (text) => {
      if (heard.push(text) === expected.length) told.resolve();
    });
    stock.socket.emit('getUtf8');
    await within(told.promise, 'five texts');
    assert.deepEqual(heard, expected);
  });

  test('tells and takes bytes', async () => {
    assert.deepEqual(await stock.tells('doge', [], 'doge'), [Buffer.from('asdfasdf')]);
    const bytes = Buffer.from('abcd');
    await stock.tells('buffa', [bytes], 'buffack');
    const mixed = { hello: 'lol', message: bytes, goodbye: 'gotcha' };
    await stock.tells('jsonbuff', [mixed], 'jsonbuff-ack');
    stock.socket.emit('abuff1', bytes);
    await stock.tells('abuff2', ['not arrived yet'], 'abuff2-ack');
  });

  test('shows what the handshake was', async () => {
    const [shown] = await stock.asks('getHandshake');
    assert.equal(shown.query.q, 'ä b');
    assert.equal(shown.query.EIO, '4');
    assert.deepEqual(shown.auth, { token: 'abc' });
    assert.equal(shown.headers['x-suite'], 'conformance');
    assert.deepEqual(await stock.asks('getId'), [stock.socket.id]);
  });

  test('serves its namespaces, and refuses by query and by name', async () => {
    for (const namespace of ['/foo', '/asd', '/valid', '/timeout_socket']) {
      const named = await Stock.connected(server, { namespace });
      if (namespace === '/foo') assert.deepEqual(await named.asks('getId'), [named.socket.id]);
      named.close();
    }
    const shown = new Stock(server, { namespace: '/abc?b=c%20d', auth: { key: 'value' } });
    const [{ query, auth, ...rest }] = await shown.hears('handshake');
    assert.equal(query.b, 'c d');
    assert.deepEqual([auth, rest], [{ key: 'value' }, {}]);
    shown.close();
    const refused = {
      'Auth failed (main namespace)': { query: { fail: true } },
      'Auth failed (custom namespace)': { namespace: '/no' },
    };
    for (const [message, options] of Object.entries(refused)) {
      const client = new Stock(server, options);
      const [error] = await client.hears('connect_error');
      assert.equal(error.message, message);
      client.close();
    }
  });
});

// Connection state recovery on the engine alone (`RECOVERY=1`): packets as they are, and the stock
// client.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { io } from 'socket.io-client';

import { Conformance, Linked } from '../lib/conformance.js';
import { deferred, within } from '../lib/deadline.js';

let server;
before(async () => {
  // Heartbeats would stand between the packets that are read.
  server = await Conformance.start({ RECOVERY: '1', PING_INTERVAL: '60000' });
});
after(() => server.stop());

/** A client in a namespace: what CONNECT was answered is in `ids`, what was told with it in `greeting`. */
const come = async (namespace = '/', payload = '') => {
  const linked = await Linked.session(server, '/socket.io/');
  linked.prefix = namespace === '/' ? '' : `${namespace},`;
  linked.say(`40${linked.prefix}${payload && JSON.stringify(payload)}`);
  const accepted = await linked.next();
  assert.ok(accepted.startsWith(`40${linked.prefix}{`), `CONNECT is answered first: ${accepted}`);
  linked.ids = JSON.parse(accepted.slice(2 + linked.prefix.length));
  linked.told = [];
  linked.hears = async () => {
    const message = await linked.next();
    const [, ...args] = JSON.parse(message.slice(message.indexOf('[')));
    linked.offset = args.at(-1);
    return message;
  };
  return linked;
};

/** All that comes until the greeting of a connection, which is the last that it is told by itself. */
const greeting = async (linked) => {
  const told = [];
  for (;;) {
    const message = await linked.hears();
    if (message.startsWith(`42${linked.prefix}["auth"`)) return told;
    told.push(message);
  }
};

const asked = async (linked) => {
  linked.say(`42${linked.prefix}9["who"]`);
  for (;;) {
    const answer = await linked.next();
    if (answer.startsWith('43')) return JSON.parse(answer.slice(answer.indexOf('[')))[0];
  }
};

const back = (linked, { pid = linked.ids.pid, offset = linked.offset } = {}, namespace = '/') =>
  come(namespace, { pid, offset });

describe('what is told', () => {
  test('ids: one that is public, one that is not; by namespace', async () => {
    const [one, other] = [await come(), await come('/custom')];
    for (const { ids } of [one, other]) assert.deepEqual(Object.keys(ids), ['sid', 'pid']);
    assert.notEqual(one.ids.sid, one.ids.pid);
    [one, other].forEach((linked) => linked.close());
  });

  test('an offset behind events of every kind, none behind what is or wants an acknowledgement', async () => {
    const linked = await come();
    await greeting(linked);
    const tells = async (said, pattern) => {
      [said].flat().forEach((message) => linked.say(message));
      assert.match(await linked.next(), pattern);
    };
    await tells('42["message",1,{"a":"b"}]', /^42\["message-back",1,\{"a":"b"\},"\d+"\]$/);
    await tells('42["message"]', /^42\["message-back","\d+"\]$/);
    await tells('42["broadcast","x"]', /^42\["broadcast","x","\d+"\]$/);
    await tells('42["to-room","' + linked.ids.sid + '",2]', /^42\["to-room",2,"\d+"\]$/);
    await tells(['451-["message",{"_placeholder":true,"num":0}]', Buffer.from([1])], /^451-\["message-back",\{"_placeholder":true,"num":0\},"\d+"\]$/);
    assert.deepEqual(await linked.next(), Buffer.from([1]));
    await tells('427["message-with-ack","x"]', /^437\["x"\]$/);
    await tells('42["emit-with-ack","x"]', /^42\d+\["emit-with-ack","x"\]$/);
    linked.close();
  });
});

describe('who comes back', () => {
  test('is the same, in the same rooms, and is told what it has missed, in order', async () => {
    const [linked, other] = [await come(), await come()];
    await Promise.all([greeting(linked), greeting(other)]);
    linked.say('421["join","room"]');
    assert.equal(await linked.next(), '431[]');
    linked.close();
    for (const said of ['["broadcast",1]', '["to-room","room",2]', '["to-room","elsewhere",3]', `["to-room","${linked.ids.sid}",4]`]) {
      other.say(`42${said}`);
    }
    assert.equal((await asked(other)).recovered, false, 'and all that it said is done');
    const again = await back(linked);
    assert.deepEqual(again.ids, linked.ids);
    const missed = (await greeting(again)).map((message) => JSON.parse(message.slice(2)).slice(0, 2));
    assert.deepEqual(missed, [['broadcast', 1], ['to-room', 2], ['to-room', 4]]);
    const rooms = ['room', linked.ids.sid].sort();
    assert.deepEqual(await asked(again), { id: linked.ids.sid, recovered: true, rooms });
    [again, other].forEach((one) => one.close());
  });

  test('before its old link is known to be lost: that one ends', async () => {
    const linked = await come();
    await greeting(linked);
    const again = await back(linked);
    assert.deepEqual(again.ids, linked.ids);
    await linked.closed();
    await greeting(again);
    assert.equal((await asked(again)).recovered, true);
    again.close();
  });

  const anew = async (linked, shown, namespace) => {
    const again = await back(linked, shown, namespace);
    assert.notEqual(again.ids.sid, linked.ids.sid);
    assert.notEqual(again.ids.pid, linked.ids.pid);
    again.close();
  };

  test('is new after a good-bye', async () => {
    const linked = await come();
    await greeting(linked);
    linked.say('41');
    linked.say('40/custom,');
    assert.match(await linked.next(), /^40\/custom,/);
    await anew(linked);
    linked.close();
  });

  for (const [name, shown, namespace] of [
    ['an unknown pid', { pid: 'unknown' }],
    ['a pid that is no string', { pid: { a: 1 } }],
    ['an unknown offset', { offset: '999999999' }],
    ['an offset that is none', { offset: 'nonsense' }],
    ['an offset that is no string', { offset: 7 }],
    ['a pid of another namespace', {}, '/custom'],
  ]) {
    test(`is new with ${name}`, async () => {
      const linked = await come();
      await greeting(linked);
      await anew(linked, shown, namespace);
      linked.close();
    });
  }
});

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
  test(`the stock client recovers over ${transports.join(' and ')}`, async () => {
    const socket = io(server.url, { transports, forceNew: true, reconnectionDelay: 10 });
    const came = () => {
      const connected = deferred();
      socket.once('connect', connected.resolve);
      return within(connected.promise, 'a connection');
    };
    await came();
    const { id } = socket;
    const told = deferred();
    socket.once('message-back', told.resolve);
    socket.emit('message', 'x');
    await within(told.promise, 'message-back');
    const again = came();
    socket.io.engine.close();
    await again;
    assert.deepEqual([socket.recovered, socket.id], [true, id]);
    socket.disconnect();
  });
}

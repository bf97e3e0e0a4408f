// Socket.IO 5 packet by packet: namespaces, events, acknowledgements, attachments, rooms.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Conformance, Linked, Polled } from '../lib/conformance.js';

const MAX_PAYLOAD = 10_000;
const [FIRST, SECOND] = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6, 7])];
const PLACEHOLDERS = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';

describe('Socket.IO', () => {
  let server;
  before(async () => {
    server = await Conformance.start({
      PING_INTERVAL: '60000',
      CONNECT_TIMEOUT: '60000',
      MAX_PAYLOAD: `${MAX_PAYLOAD}`,
    });
  });
  after(() => server.stop());

  /** Says packets on a connected link and checks what comes back, message by message. */
  const exchange = async (said, heard, namespace = '/') => {
    const linked = await Linked.connected(server, namespace);
    said.forEach((message) => linked.say(message));
    for (const message of heard) assert.deepEqual(await linked.next(), message);
    linked.close();
  };

  describe('connecting', () => {
    for (const namespace of ['/', '/custom']) {
      test(`to ${namespace} is answered, and the payload told`, async () => {
        for (const payload of ['', '{"token":"123"}']) {
          const linked = await Linked.connected(server, namespace, payload);
          assert.notEqual(linked.id, linked.handshake.sid, 'the secret of polls is not shared');
          linked.close();
        }
      });
    }

    test('the comma after a namespace may be missing', async () => {
      const linked = await Linked.session(server, '/socket.io/');
      linked.say('40/custom');
      assert.match(await linked.next(), /^40\/custom,\{"sid":"[^"]+"\}$/);
      linked.close();
    });

    test('to an unknown namespace is refused, with a payload too, and the session goes on', async () => {
      const linked = await Linked.session(server, '/socket.io/');
      for (const said of ['40/random,', '40/random', '40/random,{"token":"x"}', '40/foo,']) {
        linked.say(said);
        const namespace = /\/\w+/.exec(said)[0];
        assert.equal(await linked.next(), `44${namespace},{"message":"Invalid namespace"}`);
      }
      linked.say('40');
      assert.match(await linked.next(), /^40\{/);
      linked.close();
    });

    test('when polled', async () => {
      const polled = await Polled.connected(server);
      await polled.says('42["message","by post"]');
      assert.deepEqual(await polled.hears(), ['42["message-back","by post"]']);
    });

    test('to two namespaces keeps them apart', async () => {
      const linked = await Linked.connected(server);
      linked.say('40/custom,{"a":1}');
      assert.match(await linked.next(), /^40\/custom,/);
      assert.equal(await linked.next(), '42/custom,["auth",{"a":1}]');
      linked.say('41/custom,');
      linked.say('42["message","still here"]');
      assert.equal(await linked.next(), '42["message-back","still here"]');
      linked.say('42/custom,["message","not here"]');
      assert.equal(await linked.closed(), 1002);
    });
  });

  describe('a packet that cannot be read ends the session', () => {
    const packets = [
      '4abc', '42{}', '42abc["x"]', '42', '42["x"', '42[]', '42[{}]', '42["disconnect"]', '45["x"]',
      '450-["x"]', '43[]', '44{"message":"x"}', '47["x"]', '40"x"', '42/other,["x"]',
    ];
    for (const packet of packets) {
      test(packet, async () => {
        const linked = await Linked.connected(server);
        linked.say(packet);
        assert.equal(await linked.closed(), 1002);
      });
    }

    test('when posted', async () => {
      for (const packet of ['4abc', '42{}', '42abc["x"]']) {
        const polled = await Polled.connected(server);
        assert.equal((await polled.post(packet)).status, 400);
        await polled.gone();
      }
    });
  });

  describe('events', () => {
    const args = '1,"2",{"3":[true, null, 1.50]}';

    test('come back with their arguments as they were', async () => {
      await exchange([`42["message",${args}]`], [`42["message-back",${args}]`]);
      await exchange([`42/custom,["message",${args}]`], [`42/custom,["message-back",${args}]`], '/custom');
      await exchange(['42["message"]'], ['42["message-back"]']);
    });

    test('are acknowledged with their arguments', async () => {
      await exchange([`42456["message-with-ack",${args}]`], [`43456[${args}]`]);
      await exchange(['420["message-with-ack"]'], ['430[]']);
      await exchange([`42/custom,7["message-with-ack",${args}]`], [`43/custom,7[${args}]`], '/custom');
    });

    test('that nobody knows are passed over', async () => {
      await exchange(['42["nothing",1]', '42["message",2]'], ['42["message-back",2]']);
    });
  });

  describe('questions', () => {
    test('carry ids that count, and answers are told', async () => {
      const linked = await Linked.connected(server);
      for (const id of [0, 1, 2]) {
        linked.say('42["emit-with-ack",1,"2"]');
        assert.equal(await linked.next(), `42${id}["emit-with-ack",1,"2"]`);
      }
      for (const id of [1, 0, 2]) {
        linked.say(`43${id}["answer",${id}]`);
        assert.equal(await linked.next(), `42["emit-with-ack","answer",${id}]`);
      }
      linked.close();
    });

    test('are counted by namespace', async () => {
      const linked = await Linked.connected(server, '/custom');
      linked.say('42/custom,["emit-with-ack"]');
      assert.equal(await linked.next(), '42/custom,0["emit-with-ack"]');
      linked.say('43/custom,0[true]');
      assert.equal(await linked.next(), '42/custom,["emit-with-ack",true]');
      linked.close();
    });

    test('are answered once; answers to nothing are passed over', async () => {
      const linked = await Linked.connected(server);
      linked.say('42["emit-with-ack"]');
      assert.equal(await linked.next(), '420["emit-with-ack"]');
      for (const said of ['431["too early"]', '430["first"]', '430["again"]', '42["message"]']) {
        linked.say(said);
      }
      assert.equal(await linked.next(), '42["emit-with-ack","first"]');
      assert.equal(await linked.next(), '42["message-back"]');
      linked.close();
    });

    test('that are never answered are forgotten', async () => {
      const linked = await Linked.connected(server);
      for (let id = 0; id <= 64; id += 1) {
        linked.say('42["emit-with-ack"]');
        assert.equal(await linked.next(), `42${id}["emit-with-ack"]`);
      }
      for (const said of ['430["forgotten"]', '431["remembered"]']) linked.say(said);
      assert.equal(await linked.next(), '42["emit-with-ack","remembered"]');
      linked.close();
    });
  });

  describe('attachments', () => {
    test('of events come back', () =>
      exchange(
        [`452-["message",${PLACEHOLDERS}]`, FIRST, SECOND],
        [`452-["message-back",${PLACEHOLDERS}]`, FIRST, SECOND],
      ));

    test('deep inside, in another order, with an empty one', async () => {
      const deep = '{"a":[{"num":1,"_placeholder":true}]},{"_placeholder":true,"num":0}';
      const empty = Buffer.alloc(0);
      await exchange(
        [`452-["message",${deep}]`, FIRST, empty],
        [`452-["message-back",${deep}]`, FIRST, empty],
      );
    });

    test('of acknowledgements come back', () =>
      exchange(
        [`452-/custom,789["message-with-ack",${PLACEHOLDERS}]`, FIRST, SECOND],
        [`462-/custom,789[${PLACEHOLDERS}]`, FIRST, SECOND],
        '/custom',
      ));

    test('of answers to questions are told', async () => {
      const linked = await Linked.connected(server);
      linked.say('42["emit-with-ack"]');
      assert.equal(await linked.next(), '420["emit-with-ack"]');
      for (const said of [`462-0[${PLACEHOLDERS}]`, FIRST, SECOND]) linked.say(said);
      for (const heard of [`452-["emit-with-ack",${PLACEHOLDERS}]`, FIRST, SECOND]) {
        assert.deepEqual(await linked.next(), heard);
      }
      linked.close();
    });

    test('travel in base64 when polled, beside their packet', async () => {
      const polled = await Polled.connected(server);
      await polled.says(`452-["message",${PLACEHOLDERS}]\x1ebAQID\x1ebBAUGBw==`);
      const heard = await polled.hears();
      assert.deepEqual(heard, [`452-["message-back",${PLACEHOLDERS}]`, 'bAQID', 'bBAUGBw==']);
    });

    test('stay with their packet however many speak at once', async () => {
      const hearer = await Linked.connected(server, '/custom');
      const speakers = await Promise.all(
        Array.from({ length: 8 }, () => Linked.connected(server, '/custom')),
      );
      const rounds = 25;
      for (let round = 0; round < rounds; round += 1) {
        speakers.forEach((speaker, at) => {
          speaker.say(`452-/custom,["broadcast",${at},${PLACEHOLDERS}]`);
          speaker.say(Buffer.from([at, round]));
          speaker.say(Buffer.from([at, round]));
        });
      }
      for (let left = rounds * speakers.length; left > 0; left -= 1) {
        const [, at] = /^452-\/custom,\["broadcast",(\d),/.exec(await hearer.next());
        const [one, two] = [await hearer.next(), await hearer.next()];
        assert.equal(one[0], Number(at));
        assert.deepEqual(one, two);
      }
      [hearer, ...speakers].forEach((linked) => linked.close());
    });

    const ten = Array.from({ length: 10 }, () => FIRST);
    test('may be ten', () => exchange(['4510-["message"]', ...ten], ['4510-["message-back"]', ...ten]));

    const ends = {
      'eleven of them': [['4511-["message"]'], 1002],
      'none of them': [['450-["message"]'], 1002],
      'a count that is no number': [['45x-["message"]'], 1002],
      'a placeholder out of range': [['451-["message",{"_placeholder":true,"num":1}]'], 1002],
      'a placeholder below range': [['451-["message",{"_placeholder":true,"num":-1}]'], 1002],
      'a placeholder that is no number': [['451-["message",{"_placeholder":true,"num":"0"}]'], 1002],
      'a placeholder without number': [['451-["message",{"_placeholder":true}]'], 1002],
      'one that nothing announced': [[FIRST], 1002],
      'text where one was announced': [['451-["message"]', '42["message"]'], 1002],
      'more bytes together than one message may have': [
        ['452-["message"]', Buffer.alloc(MAX_PAYLOAD - 1), Buffer.alloc(2)],
        1009,
      ],
    };
    for (const [name, [said, code]] of Object.entries(ends)) {
      test(`${name}: the session ends`, async () => {
        const linked = await Linked.connected(server);
        said.forEach((message) => linked.say(message));
        assert.equal(await linked.closed(), code);
      });
    }
  });

  describe('rooms', () => {
    const identity = async (linked) => {
      linked.say(`42${linked.prefix}9["who"]`);
      const answer = await linked.next();
      assert.ok(answer.startsWith(`43${linked.prefix}9[`), answer);
      return JSON.parse(answer.slice(answer.indexOf('[')))[0];
    };

    test('are joined, sorted, and hold the own id', async () => {
      const linked = await Linked.connected(server);
      assert.deepEqual(await identity(linked), { id: linked.id, recovered: false, rooms: [linked.id] });
      for (const room of ['~z', '!a']) {
        linked.say(`421["join","${room}"]`);
        assert.equal(await linked.next(), '431[]');
      }
      assert.deepEqual((await identity(linked)).rooms, ['!a', linked.id, '~z']);
      linked.close();
    });

    test('hear what is said to them, the rest of the namespace does not', async () => {
      const [inside, outside] = [await Linked.connected(server), await Linked.connected(server)];
      const elsewhere = await Linked.connected(server, '/custom');
      inside.say('421["join","here"]');
      assert.equal(await inside.next(), '431[]');
      elsewhere.say('42/custom,1["join","here"]');
      assert.equal(await elsewhere.next(), '43/custom,1[]');
      outside.say(`451-["to-room","here",1,{"_placeholder":true,"num":0}]`);
      outside.say(FIRST);
      assert.equal(await inside.next(), '451-["to-room",1,{"_placeholder":true,"num":0}]');
      assert.deepEqual(await inside.next(), FIRST);
      // An answer that comes first is the proof that nothing came before it.
      assert.equal((await identity(outside)).id, outside.id);
      assert.equal((await identity(elsewhere)).id, elsewhere.id);
      [inside, outside, elsewhere].forEach((linked) => linked.close());
    });

    test('are left with the namespace', async () => {
      const [leaver, speaker] = [await Linked.connected(server), await Linked.connected(server)];
      leaver.say('421["join","left"]');
      assert.equal(await leaver.next(), '431[]');
      leaver.say('41');
      leaver.say('40');
      assert.match(await leaver.next(), /^40\{/);
      assert.equal(await leaver.next(), '42["auth",{}]');
      speaker.say('42["to-room","left"]');
      assert.equal((await identity(speaker)).id, speaker.id);
      const { rooms } = await identity(leaver);
      assert.equal(rooms.length, 1, 'a new id, and nothing was heard before');
      [leaver, speaker].forEach((linked) => linked.close());
    });

    test('a broadcast reaches the whole namespace, its speaker too, on every transport', async () => {
      const fresh = await Conformance.start({ PING_INTERVAL: '60000' });
      const [speaker, hearer] = [await Linked.connected(fresh), await Linked.connected(fresh)];
      const polled = await Polled.connected(fresh);
      const elsewhere = await Linked.connected(fresh, '/custom');
      speaker.say('42["broadcast","all",1]');
      for (const linked of [speaker, hearer]) {
        assert.equal(await linked.next(), '42["broadcast","all",1]');
      }
      assert.deepEqual(await polled.hears(), ['42["broadcast","all",1]']);
      assert.equal((await identity(elsewhere)).id, elsewhere.id, 'and no other one');
      [speaker, hearer, elsewhere].forEach((linked) => linked.close());
      await fresh.stop();
    });
  });
});

// What no well-behaved client says. Each attack must end as documented, store nothing, and cost
// nobody else anything.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { RawSocket } from '../lib/raw.js';
import { World } from '../lib/world.js';

const MAX_PAYLOAD = 1_000_000;
const CONTINUATION = 0;
const TEXT = 1;

describe('bad input', () => {
  let world;
  let neighbour;
  let [project, task] = [];
  let head;

  before(async () => {
    world = await World.start(['alice', 'mallory']);
    // mallory is a member: nothing but what she says is wrong.
    project = await world.project(world.alice, world.mallory);
    task = await world.task(world.alice, project);
    neighbour = await world.client(world.alice);
  });
  after(() => world.stop());

  const begin = async () => {
    await neighbour.drain();
    head = await world.root.rest.cursor();
  };
  afterEach(async () => {
    assert.equal(await world.root.rest.cursor(), head, 'nothing was stored');
    const title = `after ${head}`;
    await world.alice.rest.patch(`/tasks/${task.id}`, { title });
    const told = await neighbour.next('task_updated');
    assert.equal(told.task.title, title, 'the neighbour hears the next change');
    await neighbour.quiet();
  });

  const connected = async () => {
    await begin();
    return RawSocket.connected(world.mallory);
  };

  describe('messages that are no packets end the session with 1002', () => {
    const messages = [
      '', 'x', '9', '4', '4x', '47', '42', '42{', '42[]', '42[null]', '42{"a":1}', '42["ping"',
      '42["ping"]x', '42/other', '43', '43x[]', '44{"message":"no"}', '450-["a"]', '45["a"]', '45-["a"]',
      '451-["task_updated",{"_placeholder":true,"num":7}]4', '40{', '40', '0{}', '42\u0000["ping"]',
      '4299999999999999999999999["ping"]', '42["connect"]', '42["disconnecting",{}]',
    ];
    for (const message of messages) {
      test(JSON.stringify(message), async () => {
        const raw = await connected();
        raw.sendText(message);
        assert.equal(await raw.closed(), 1002);
      });
    }
  });

  test('numbers are names too: of events that nobody knows', async () => {
    const raw = await connected();
    raw.sendText('421[5,{}]');
    raw.sendText('422["ping"]');
    assert.match(await raw.next(), /^42\["pong",/);
    assert.equal(await raw.next(), '432[]');
    raw.destroy();
  });

  describe('frames that break RFC 6455 end the session', () => {
    const frames = {
      'not masked': (raw) => raw.sendFrame(TEXT, Buffer.from('42["ping"]'), { masked: false }),
      'an unknown opcode': (raw) => raw.sendFrame(3, Buffer.from('x')),
      'reserved bits': (raw) => raw.sendBytes(Buffer.from([0xf1, 0x80, 0, 0, 0, 0])),
      'a continuation of nothing': (raw) => raw.sendFrame(CONTINUATION, Buffer.from('x')),
      'a fragmented control frame': (raw) => raw.sendFrame(9, Buffer.from('x'), { fin: false }),
      'a long control frame': (raw) => raw.sendFrame(9, Buffer.alloc(126)),
      'text that is no UTF-8': (raw) => raw.sendFrame(TEXT, Buffer.from([0x34, 0x32, 0xff, 0xfe])),
      'a binary message that nothing announced': (raw) => raw.sendBinary(Buffer.alloc(64, 0xa5)),
      'noise': (raw) => raw.sendBytes(Buffer.alloc(4096, 0x5a)),
    };
    for (const [name, send] of Object.entries(frames)) {
      test(name, async () => {
        const raw = await connected();
        send(raw);
        assert.ok([1002, 1003, 1007, 1009].includes(await raw.closed()), 'with a code that says why');
      });
    }
  });

  describe('too much', () => {
    test('a message of the greatest size is read, one byte more ends the session with 1009', async () => {
      const raw = await connected();
      const envelope = '42["no_such_event",""]';
      const padding = 'x'.repeat(MAX_PAYLOAD - envelope.length);
      raw.sendText(`42["no_such_event","${padding}"]`);
      raw.sendText('42["ping"]');
      await raw.nextThat((message) => message.startsWith('42["pong"'));
      raw.sendText(`42["no_such_event","${padding}x"]`);
      assert.equal(await raw.closed(), 1009);
    });

    test('the same in fragments', async () => {
      const raw = await connected();
      const fragment = Buffer.alloc(MAX_PAYLOAD / 4, 0x78);
      raw.sendFrame(TEXT, fragment, { fin: false });
      for (let sent = 1; sent < 5; sent += 1) raw.sendFrame(CONTINUATION, fragment, { fin: false });
      assert.equal(await raw.closed(), 1009);
    });

    test('a length that nobody could send is refused before anything of it came', async () => {
      const raw = await connected();
      raw.sendBytes(Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
      assert.equal(await raw.closed(), 1009);
    });

    test('attachments without end', async () => {
      const raw = await connected();
      raw.sendText('4511-["task_updated",{}]');
      assert.equal(await raw.closed(), 1002);
    });

    for (const depth of [100, 100_000]) {
      test(`JSON ${depth} deep`, async () => {
        const raw = await connected();
        const deep = '['.repeat(depth) + ']'.repeat(depth);
        raw.sendText(`42["task_updated",{"task_id":${task.id},"changes":{"title":${deep}}}]`);
        assert.equal(await raw.closed(), 1002);
      });
    }

    test('a flood is warned of once, not read, ended at last, and holds nobody up', async () => {
      const raw = await connected();
      let [pongs, warnings] = [0, 0];
      raw.onMessage = (message) => {
        if (message.startsWith('42["pong"')) pongs += 1;
        else if (message === '42["error",{"message":"Too many messages"}]') warnings += 1;
      };
      // The burst, what is tolerated beyond it, and more.
      for (let count = 0; count < 5_000; count += 1) raw.sendText('42["ping"]');
      await neighbour.tell('ping');
      await neighbour.next('pong');
      assert.equal(await raw.closed(), 1008);
      assert.equal(warnings, 1, 'it was warned once');
      assert.ok(pongs < 1_000, `${pongs} were answered`);
    });

    test('a namespace for every packet', async () => {
      const raw = await connected();
      for (let count = 0; count < 40; count += 1) raw.sendText(`40/n${count},`);
      raw.sendText('42["ping"]');
      await raw.nextThat((message) => message.startsWith('42["pong"'));
      raw.destroy();
    });
  });

  describe('out of order', () => {
    const fresh = async () => {
      await begin();
      const raw = await RawSocket.open(world.server.url, world.mallory.token);
      await raw.next();
      return raw;
    };

    test('an event before CONNECT ends the session', async () => {
      const raw = await fresh();
      raw.sendText(`42["task_deleted",{"task_id":${task.id},"project_id":${project.id}}]`);
      assert.equal(await raw.closed(), 1002);
    });

    test('an unknown namespace is refused, and the session goes on', async () => {
      const raw = await fresh();
      raw.sendText('40/admin,');
      assert.equal(await raw.next(), '44/admin,{"message":"Invalid namespace"}');
      raw.sendText('40');
      assert.match(await raw.next(), /^40\{"sid"/);
      raw.destroy();
    });

    test('an event in a namespace that was refused ends the session', async () => {
      const raw = await fresh();
      raw.sendText('40/admin,');
      await raw.next();
      raw.sendText('42/admin,["ping"]');
      assert.equal(await raw.closed(), 1002);
    });

    test('an event after DISCONNECT ends the session or is passed over', async () => {
      const raw = await connected();
      raw.sendText('41');
      raw.sendText(`42["task_deleted",{"task_id":${task.id},"project_id":${project.id}}]`);
      raw.sendText('1');
      await raw.closed();
    });

    test('a placeholder without its attachment, then a text', async () => {
      const raw = await connected();
      raw.sendText('451-["task_updated",{"_placeholder":true,"num":0}]');
      raw.sendText('42["ping"]');
      assert.equal(await raw.closed(), 1002);
    });

    test('an attachment where an object belongs is answered like any other wrong payload', async () => {
      const raw = await connected();
      raw.sendText('451-["task_updated",{"_placeholder":true,"num":0}]');
      raw.sendBinary(Buffer.alloc(16, 0xff));
      assert.equal(await raw.next(), '42["error",{"message":"Task ID required"}]');
      raw.destroy();
    });
  });
});

// The Project Manager app's contract: rooms, what is said in them, and every error text.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { inRoom, joined, left, offset, toOne, who } from '../lib/envelope.js';
import { assertShape } from '../lib/shapes.js';
import { World } from '../lib/world.js';

const NEVER = 999_999_999;
/** Most bytes of what follows the colon in the name of a room. */
const MAX_ID = 64;
/** Rooms without an entity that one connection may be in. */
const MAX_ROOMS = 32;

const assertShapes = (frames, shapes) => {
  assert.equal(frames.length, shapes.length);
  shapes.forEach((shape, at) => assertShape(frames[at], shape, `frame ${at}`));
};

describe('envelope: rooms', () => {
  let world;
  before(async () => (world = await World.start(['alice', 'bob', 'mallory'])));
  afterEach(() => world.closeClients());
  after(() => world.stop());

  const pair = () => Promise.all([world.envelope(world.alice), world.envelope(world.bob)]);
  /** Both in a room, and what they have heard of each other's coming read. */
  const pairIn = async (room) => {
    const [alice, bob] = await pair();
    await alice.join(room);
    await bob.join(room);
    await alice.next('user_joined');
    return [alice, bob];
  };

  describe('join_room', () => {
    for (const room of ['channel:123', `project:${NEVER}`, 'task:1:2', 'task:abc', `channel:${'x'.repeat(MAX_ID)}`]) {
      test(`${room.slice(0, 16)}, which nobody has made: two frames in their order`, async () => {
        const alice = await world.envelope(world.alice);
        assertShapes(await alice.join(room), joined(room, world.alice));
        await alice.quiet();
      });
    }

    test('the others hear of it once; joining again is answered as before', async () => {
      const [alice, bob] = await pair();
      await alice.join('channel:1');
      await bob.join('channel:1');
      const arrival = inRoom('user_joined', 'channel:1', world.bob, who(world.bob));
      assertShape(await alice.next('user_joined'), arrival);
      assertShapes(await bob.join('channel:1'), joined('channel:1', world.bob));
      await alice.quiet();
      await bob.quiet();
    });

    test('a room whose name needs escapes comes back as it was', async () => {
      const room = 'task:"ä\n\\';
      const alice = await world.envelope(world.alice);
      assertShapes(await alice.join(room), joined(room, world.alice));
    });

    test('a number means that channel, and comes back as a number', async () => {
      const [alice, bob] = await pair();
      await bob.join('channel:77');
      assertShapes(await alice.join(77), joined(77, world.alice, 'channel:77'));
      assert.equal((await bob.next('user_joined')).room, 'channel:77');
      alice.say({ type: 'send_message', room: 77, data: { content: 'x' } });
      for (const client of [alice, bob]) assert.equal((await client.next('message')).room, 'channel:77');
      assertShapes(await alice.leave(77), left(77, world.alice, 'channel:77'));
      await alice.refused('Not a member of room 77', { type: 'send_message', room: 77 });
      await alice.quiet();
    });

    for (const kind of ['project', 'task']) {
      test(`a ${kind} that exists may be entered by who may see it, and by nobody else`, async () => {
        const project = await world.project(world.alice, [world.bob, 'viewer']);
        const task = await world.task(world.alice, project);
        const room = kind === 'task' ? `task:${task.id}` : `project:${project.id}`;
        const [alice, bob] = await pair();
        const mallory = await world.envelope(world.mallory);
        assertShapes(await alice.join(room), joined(room, world.alice));
        assertShapes(await bob.join(room), joined(room, world.bob));
        await alice.next('user_joined');
        await mallory.refused(`Access denied to room ${room}`, { type: 'join_room', room });
        const message = { type: 'send_message', room, data: { content: 'x' } };
        await mallory.refused(`Not a member of room ${room}`, message);
        for (const client of [alice, bob, mallory]) await client.quiet();
      });
    }

    test('what is refused, in the order in which it is looked for', async () => {
      const alice = await world.envelope(world.alice);
      for (const room of [undefined, null, '']) {
        await alice.refused('Room ID required', { type: 'join_room', room });
      }
      for (const room of ['channel', '123', true, [1], { channel: 1 }, 'task:', `task:${'x'.repeat(MAX_ID + 1)}`]) {
        await alice.refused('Invalid room format', { type: 'join_room', room });
      }
      for (const room of [`user:${world.alice.id}`, ':1', 'Channel:1', 'constructor:1', 'user:']) {
        await alice.refused('Unsupported room type', { type: 'join_room', room });
      }
      await alice.quiet();
    });

    test('the length of an id is counted in bytes', async () => {
      const alice = await world.envelope(world.alice);
      await alice.join(`task:${'ä'.repeat(MAX_ID / 2)}`);
      const room = `task:${'ä'.repeat(MAX_ID / 2)}x`;
      await alice.refused('Invalid room format', { type: 'join_room', room });
    });

    test('no more than 32 rooms that nobody has made; one that is left makes way', async () => {
      const alice = await world.envelope(world.alice);
      const room = (number) => `channel:${number}`;
      for (let number = 1; number <= MAX_ROOMS; number += 1) await alice.join(room(number));
      await alice.refused('Too many rooms', { type: 'join_room', room: room(MAX_ROOMS + 1) });
      await alice.join(room(1));
      const project = await world.project(world.alice);
      await alice.join(`project:${project.id}`);
      await alice.leave(room(1));
      await alice.join(room(MAX_ROOMS + 1));
    });
  });

  describe('leave_room', () => {
    test('two frames to who leaves, the second to the others too', async () => {
      const [alice, bob] = await pairIn('channel:5');
      assertShapes(await bob.leave('channel:5'), left('channel:5', world.bob));
      const departure = inRoom('user_left', 'channel:5', world.bob, who(world.bob));
      assertShape(await alice.next('user_left'), departure);
      alice.say({ type: 'send_message', room: 'channel:5', data: { content: 'x' } });
      await alice.next('message');
      await alice.quiet();
      await bob.quiet();
    });

    test('a room that one is not in: one frame, and nobody else hears', async () => {
      const [alice, bob] = await pair();
      await alice.join('channel:5');
      for (const room of ['channel:5', 'channel:6', `project:${world.alice.home.id}`, 'user:1', 'nowhere', 8]) {
        bob.say({ type: 'leave_room', room });
        assertShape(await bob.next('left_room'), left(room, world.bob)[0]);
      }
      await bob.quiet();
      await alice.quiet();
    });

    test('without a room', async () => {
      const alice = await world.envelope(world.alice);
      for (const room of [undefined, null, '']) {
        await alice.refused('Room ID required', { type: 'leave_room', room });
      }
      await alice.quiet();
    });
  });

  describe('send_message', () => {
    test('everyone in the room hears it, the sender too, and he hears nothing else', async () => {
      const [alice, bob] = await pairIn('channel:9');
      const said = { content: 'Grüße, <b>', metadata: { reply_to: 7, deep: [1, { a: null }] } };
      alice.say({ type: 'send_message', room: 'channel:9', data: said });
      const shape = inRoom('message', 'channel:9', world.alice, { ...said, ...who(world.alice) });
      for (const client of [alice, bob]) {
        const frame = await client.next('message');
        assertShape(frame, { ...shape, data: (data) => typeof data === 'object' });
        assert.deepEqual(frame.data, shape.data);
        await client.quiet();
      }
    });

    test('nobody speaks in another\'s name', async () => {
      const [alice, bob] = await pairIn('channel:9');
      const forged = { content: 'x', username: 'alice', user_id: world.alice.id };
      bob.say({ type: 'send_message', room: 'channel:9', data: forged, sender: 'alice', timestamp: 'x' });
      const shape = inRoom('message', 'channel:9', world.bob, { content: 'x', ...who(world.bob) });
      assertShape(await alice.next('message'), shape);
    });

    for (const [name, data] of [['without data', undefined], ['with null for data', null], ['with empty data', {}]]) {
      test(`${name}: an empty content`, async () => {
        const [alice, bob] = await pairIn('channel:9');
        alice.say({ type: 'send_message', room: 'channel:9', data });
        const shape = inRoom('message', 'channel:9', world.alice, { content: '', ...who(world.alice) });
        assertShape(await bob.next('message'), shape);
      });
    }

    test('between all sockets of a room, each once', async () => {
      const [alice, bob] = await pairIn('channel:4');
      const second = await world.envelope(world.bob);
      await second.join('channel:4');
      for (let number = 1; number <= 20; number += 1) {
        const speaker = number % 2 === 0 ? bob : second;
        speaker.say({ type: 'send_message', room: 'channel:4', data: { content: String(number) } });
        for (const client of [alice, bob, second]) {
          assert.equal((await client.next('message')).data.content, String(number));
        }
      }
      for (const client of [alice, bob, second]) await client.quiet();
    });

    test('what is refused', async () => {
      const [alice, bob] = await pairIn('channel:9');
      const say = (more) => ({ type: 'send_message', room: 'channel:9', ...more });
      for (const room of [undefined, null, '']) await alice.refused('Room ID required', say({ room }));
      for (const data of ['x', 7, true, []]) await alice.refused('data must be an object', say({ data }));
      const long = { content: 'x'.repeat(10_001) };
      await alice.refused('content must be 10000 characters or less', say({ data: long }));
      for (const room of ['channel:10', `project:${NEVER}`, `user:${world.bob.id}`, 'nowhere']) {
        await alice.refused(`Not a member of room ${room}`, say({ room }));
      }
      await alice.leave('channel:9');
      await bob.next('user_left');
      await alice.refused('Not a member of room channel:9', say());
      await alice.quiet();
      await bob.quiet();
    });
  });

  test('ping is answered by pong, to the sender alone', async () => {
    const [alice, bob] = await pairIn('channel:3');
    alice.say({ type: 'ping', room: 'channel:3', data: {} });
    assertShape(await alice.next('pong'), toOne('pong', { timestamp: offset }));
    await alice.quiet();
    await bob.quiet();
  });

  describe('what is no message', () => {
    const cases = [
      ['', 'Invalid JSON format'],
      ['{', 'Invalid JSON format'],
      ['{"type":"ping"} x', 'Invalid JSON format'],
      [`${'['.repeat(2_000)}${']'.repeat(2_000)}`, 'Invalid JSON format'],
      ['[]', 'Invalid message format'],
      ['null', 'Invalid message format'],
      ['"ping"', 'Invalid message format'],
      ['7', 'Invalid message format'],
      ['{}', 'Unknown message type: None'],
      ['{"type":null}', 'Unknown message type: None'],
      ['{"type":""}', 'Unknown message type: '],
      ['{"type":"dance"}', 'Unknown message type: dance'],
      ['{"type":7}', 'Unknown message type: 7'],
      ['{"type":"__proto__"}', 'Unknown message type: __proto__'],
      [`{"type":"${'x'.repeat(1_000)}"}`, `Unknown message type: ${'x'.repeat(100)}`],
    ];

    test('is told, and the socket stays open', async () => {
      const alice = await world.envelope(world.alice);
      for (const [text, error] of cases) {
        alice.sayText(text);
        const frame = await alice.next('error');
        assertShape(frame, toOne('error', { error }), text.slice(0, 40));
      }
      alice.say({ type: 'ping' });
      await alice.next('pong');
      await alice.quiet();
    });

    test('bytes are read as text', async () => {
      const alice = await world.envelope(world.alice);
      alice.sayBytes(Buffer.from('{"type":"ping"}'));
      await alice.next('pong');
      alice.sayBytes(Buffer.from([0x7b, 0xff, 0xfe]));
      await alice.complaint('Invalid JSON format');
      alice.sayBytes(Buffer.from('[]'));
      await alice.complaint('Invalid message format');
      await alice.quiet();
    });
  });

  test('when what a room is named after comes into being, who may not see it is put out', async () => {
    const [alice, bob] = await pair();
    const last = await world.project(world.root);
    const room = `project:${last.id + 1}`;
    await bob.join(room);
    await alice.join(room);
    await bob.next('user_joined');
    const made = await world.project(world.alice);
    assert.equal(room, `project:${made.id}`);
    await bob.refused(`Not a member of room ${room}`, { type: 'send_message', room });
    await bob.refused(`Access denied to room ${room}`, { type: 'join_room', room });
    await alice.drain();
    await alice.join(room);
    alice.say({ type: 'send_message', room, data: { content: 'ours' } });
    await alice.next('message');
    await world.task(world.alice, made);
    await alice.next('task.created');
    await bob.drain();
    await bob.quiet();
  });
});

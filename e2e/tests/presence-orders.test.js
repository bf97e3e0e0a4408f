// Three sockets of one person over two dialects, ended in every order and in every way: the others
// see one arrival and one departure, and no ghost stays.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { NativeRaw } from '../lib/native.js';
import { RawSocket } from '../lib/raw.js';
import { World } from '../lib/world.js';

const ORDERS = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
/** How each of the three ends. */
const WAYS = Array.from({ length: 8 }, (_, bits) =>
  [0, 1, 2].map((at) => ((bits >> at) & 1 ? 'lost' : 'left')),
);

describe('three sockets over two dialects', () => {
  let world;
  let watcher;
  const cases = ORDERS.flatMap((order) => WAYS.map((ways) => ({ order, ways })));

  before(async () => {
    world = await World.start(['bob', ...cases.map((_, at) => `person${at}`)]);
    watcher = await NativeRaw.connected(world.bob);
  });
  after(async () => {
    watcher.close();
    await world.stop();
  });

  /** One socket of the Task Manager app, which enters by itself, or of our own protocol. */
  const socket = async (person, room, native) => {
    if (!native) {
      const raw = await RawSocket.connected(person);
      return {
        left: async () => {
          raw.sendText('41');
          await raw.pinged();
          raw.destroy();
        },
        lost: async () => raw.destroy(),
      };
    }
    const client = await NativeRaw.connected(person);
    assert.equal((await client.ask('subscribe', { room })).ok, true);
    return {
      left: async () => {
        await client.ask('unsubscribe', { room });
        client.close();
      },
      lost: async () => client.socket.terminate(),
    };
  };

  test('one arrival, one departure, in all orders and ways', async () => {
    const rooms = new Map();
    const play = async ({ order, ways }, at) => {
      const person = world[`person${at}`];
      const project = await world.project(world.bob, person);
      const room = `project:${project.id}`;
      await watcher.ask('subscribe', { room });
      rooms.set(room, `${order.map((which) => `${which} ${ways[which]}`).join(', ')}`);
      const sockets = [];
      for (const native of [false, true, at % 2 === 0]) sockets.push(await socket(person, room, native));
      for (const which of order) await sockets[which][ways[which]]();
    };
    for (let at = 0; at < cases.length; at += 12) {
      await Promise.all(cases.slice(at, at + 12).map((one, n) => play(one, at + n)));
    }
    const told = new Map([...rooms.keys()].map((room) => [room, []]));
    for (let count = 0; count < 2 * cases.length; count += 1) {
      const { room, user, present } = await watcher.next('presence');
      if (user.username === 'bob') {
        count -= 1;
        continue;
      }
      told.get(room).push(present);
    }
    for (const [room, seen] of told) assert.deepEqual(seen, [true, false], rooms.get(room));
    const { data } = await watcher.ask('who');
    assert.deepEqual(data.map(({ user }) => user.username), ['bob'], 'no ghost');
    assert.deepEqual(watcher.names(), watcher.names().filter((name) => name !== 'presence'));
  });
});

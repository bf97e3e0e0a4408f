// Clients of raw sockets that come back with their cursor: what they missed, once and in order, and
// nothing that they might not see.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { NativeRaw, NativeSocket } from '../lib/native.js';
import { CURSOR, DIALECTS, Traveller } from '../lib/traveller.js';
import { World } from '../lib/world.js';

const HANDS = 4;
const CHANGES = 600;

for (const [name, dialect] of Object.entries(DIALECTS)) {
  describe(`resuming in ${name}`, () => {
    let world;
    let bridge;
    let task;
    let room;
    const links = [];
    const traveller = (person, rooms = [room]) => {
      const one = new Traveller(dialect, person, rooms);
      links.push(one);
      return one;
    };
    const change = (title) => world.alice.rest.patch(`/tasks/${task.id}`, { title: `change ${title}` });

    before(async () => {
      world = await World.start(['alice', 'bob', 'carol'], { env: { WS_MAX_CONNECTIONS_PER_USER: '64' } });
      bridge = await world.project(world.alice, world.bob);
      task = await world.task(world.alice, bridge);
      room = `project:${bridge.id}`;
    });
    after(() => {
      links.forEach((one) => one.link?.destroy());
      return world.stop();
    });

    test(`${CHANGES} changes by ${HANDS} hands, and connections that are lost again and again`, async () => {
      const [stays, comes] = [traveller(world.bob), traveller(world.bob)];
      await Promise.all([stays.come(), comes.come()]);
      const tasks = await Promise.all(Array.from({ length: HANDS }, () => world.task(world.alice, bridge)));
      let made = 0;
      const hand = async ({ id }) => {
        while (made < CHANGES) {
          made += 1;
          await world.alice.rest.patch(`/tasks/${id}`, { title: `change ${made}` });
        }
      };
      const writing = Promise.all(tasks.map(hand));
      for (let lost = 1; lost <= 8; lost += 1) {
        await comes.hears(lost * 60);
        comes.lose();
        await stays.hears(lost * 60 + 20);
        const { reset } = await comes.come();
        assert.equal(reset, undefined);
      }
      await writing;
      await Promise.all([stays.hears(CHANGES), comes.hears(CHANGES)]);
      assert.deepEqual(comes.titles, stays.titles);
      assert.equal(new Set(comes.titles).size, CHANGES);
    });

    test('who has nothing to go on from is told from now on, with cursors', async () => {
      const one = traveller(world.bob);
      assert.deepEqual(Object.keys(await one.come()), ['cursor']);
      await change('first');
      await one.hears('change first');
      assert.deepEqual(one.titles, ['change first']);
      assert.match(one.told[0].cursor, CURSOR);
    });

    test('who does not ask is told no cursor', async () => {
      const [asks, plain] = [traveller(world.bob), traveller(world.bob)];
      await Promise.all([asks.come(), plain.connect()]);
      plain.say(dialect.join(room));
      await change('plain');
      const message = JSON.parse(await plain.link.nextThat((text) => text.includes('"change plain"')));
      assert.equal(message.cursor, undefined);
      await asks.hears('change plain');
      const { cursor, ...rest } = asks.told[0];
      assert.match(cursor, CURSOR);
      assert.deepEqual(rest, message, 'all else is the same');
    });

    test('a cursor that says nothing here is answered with a reset, and what happens goes on', async () => {
      const { cursor } = await traveller(world.bob).come();
      const [epoch, id] = cursor.split('-');
      const cases = [['nonsense', 'not_a_cursor'], [`other0-${id}`, 'unknown_epoch'], [`${epoch}-${Number(id) + 1_000}`, 'ahead']];
      for (const [since, reset] of cases) {
        const one = traveller(world.bob);
        const answer = await one.come(since);
        assert.equal(answer.reset, reset, since);
        await change(`after ${reset}`);
        await one.hears(`change after ${reset}`);
        assert.deepEqual(one.titles, [`change after ${reset}`]);
      }
    });

    test('a cursor gives nothing from before a membership, nor from after it', async () => {
      const { cursor } = await traveller(world.alice).come();
      await change('before');
      await world.alice.rest.post(`/projects/${bridge.id}/members`, { user_id: world.carol.id });
      await change('while');
      const carol = traveller(world.carol);
      assert.deepEqual(await carol.come(cursor), { cursor });
      await change('still');
      await carol.hears('change still');
      assert.deepEqual(carol.titles, ['change while', 'change still']);

      await world.alice.rest.delete(`/projects/${bridge.id}/members/${world.carol.id}`);
      await change('late');
      const again = traveller(world.carol);
      assert.deepEqual(await again.come(cursor), { cursor, refused: [room] });
      const own = await world.project(world.carol);
      const end = await world.task(world.carol, own);
      const last = traveller(world.carol, [`project:${own.id}`]);
      await last.come(cursor);
      await world.carol.rest.patch(`/tasks/${end.id}`, { title: 'change own' });
      await last.hears('change own');
      assert.deepEqual([again.titles, last.titles], [[], ['change own']]);
    });

    test('rooms that one is in already are told of too, and nothing twice', async () => {
      const { cursor } = await traveller(world.bob).come();
      await change('missed');
      const one = traveller(world.bob);
      await one.connect();
      one.say(dialect.join(room));
      await one.link.nextThat((text) => /joined|reply/.test(text));
      await one.resume({ since: cursor });
      await change('heard');
      await one.hears('change heard');
      await one.resume({ since: cursor });
      await change('more');
      await one.hears('change more');
      assert.deepEqual(one.titles, ['change missed', 'change heard', 'change more']);
    });

    test('a cursor outlives a server that is killed', async () => {
      const one = traveller(world.bob);
      await one.come();
      await change('known');
      await one.hears('change known');
      one.lose();
      await change('away');
      await world.server.end('SIGKILL');
      await world.server.restart();
      await change('anew');
      assert.equal((await one.come()).reset, undefined);
      await one.hears('change anew');
      assert.deepEqual(one.titles, ['change known', 'change away', 'change anew']);
    });
  });
}

for (const Native of [NativeRaw, NativeSocket]) {
  describe(`subscribing late, over ${Native === NativeRaw ? 'a raw socket' : 'Socket.IO'}`, () => {
    let world;
    let client;
    before(async () => {
      world = await World.start(['alice', 'bob']);
      client = await Native.connected(world.bob);
    });
    after(() => {
      client?.close();
      return world.stop();
    });

    test('a room is told of from a cursor on, beside others', async () => {
      const [near, far] = [await world.project(world.alice, world.bob), await world.project(world.alice, world.bob)];
      assert.equal((await client.ask('subscribe', { room: `project:${near.id}` })).ok, true);
      const since = await world.bob.rest.cursor();
      const made = [];
      const make = async (project) => made.push((await world.task(world.alice, project)).id);
      for (const project of [far, near, far]) await make(project);
      const answer = await client.ask('subscribe', { room: `project:${far.id}`, since });
      assert.deepEqual(answer, { ok: true, data: {}, cursor: since });
      await make(far);
      const heard = [];
      for (let n = 0; n < 4; n += 1) heard.push((await client.next('task.created')).payload.task.id);
      assert.deepEqual(heard, [made[1], made[0], made[2], made[3]]);
    });

    test('a cursor that says nothing here is answered with a reset', async () => {
      const room = `project:${(await world.project(world.alice, world.bob)).id}`;
      const { ok, data, cursor } = await client.ask('subscribe', { room, since: 'nonsense' });
      assert.deepEqual([ok, data], [true, { reset: 'not_a_cursor' }]);
      assert.match(cursor, CURSOR);
    });

    test('what may not be heard is refused, whatever the cursor', async () => {
      const room = `project:${(await world.project(world.alice)).id}`;
      const { ok, error } = await client.ask('subscribe', { room, since: await world.bob.rest.cursor() });
      assert.deepEqual([ok, error.code], [false, 'not_found']);
    });
  });
}

test('over Socket.IO a connection is not resumed by its cursor', async () => {
  const world = await World.start(['alice']);
  try {
    const client = await NativeSocket.connected(world.alice);
    const { ok, error } = await client.ask('resume', {});
    assert.deepEqual([ok, error.code, Object.keys(error.fields)], [false, 'invalid', ['type']]);
    client.close();
  } finally {
    await world.stop();
  }
});

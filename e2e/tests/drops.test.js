// A network that drops everybody again and again while much is written: who comes back with his
// cursor has heard every change once, in order, be it by `resume` on a raw socket or by the recovery
// of stock socket.io-client, over each transport.
//
// TRAVELLERS (100) clients on raw sockets, RETURNERS (100) over Socket.IO, DROPS (5) of DROP_MS (2000).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Proxy } from '../lib/proxy.js';
import { Returner, WORDS } from '../lib/returner.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { DIALECTS, Traveller } from '../lib/traveller.js';
import { World } from '../lib/world.js';

const TRAVELLERS = Number(process.env.TRAVELLERS ?? 100);
const RETURNERS = Number(process.env.RETURNERS ?? 100);
const DROPS = Number(process.env.DROPS ?? 5);
const DROP_MS = Number(process.env.DROP_MS ?? 2_000);
/** Changes between two drops, and during one. */
const CHANGES = 60;
const WRITERS = 4;
/** Connections of one person. */
const EACH = 25;
/** From one attempt to come back to the next. */
const BACK_OFF_MS = 100;

let world;
let network;
before(async () => {
  const people = Array.from({ length: Math.ceil(Math.max(TRAVELLERS, RETURNERS) / EACH) }, (_, n) => `bob${n}`);
  const env = { WS_MAX_CONNECTIONS_PER_USER: '64', ACCESS_TOKEN_EXPIRE_MINUTES: '600' };
  world = await World.start(['alice', ...people], { env });
  network = await Proxy.to(world.server.port);
});
after(async () => {
  network.close();
  await world.stop();
});

/** The clock is what paces a network and who comes back; nothing is waited for by it. */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test(`${TRAVELLERS} and ${RETURNERS} clients, and ${DROPS} drops of ${DROP_MS} ms`, async (t) => {
  const people = Object.keys(world).filter((name) => name.startsWith('bob')).map((name) => world[name]);
  const project = await world.project(world.alice, ...people);
  const task = await Promise.all(Array.from({ length: WRITERS }, () => world.task(world.alice, project)));
  const since = await world.alice.rest.cursor();
  const travellers = Array.from({ length: TRAVELLERS }, (_, n) => {
    const person = { ...people[Math.floor(n / EACH)], rest: { url: network.url } };
    return new Traveller(Object.values(DIALECTS)[n % 2], person, [`project:${project.id}`]);
  });
  const returners = Array.from({ length: RETURNERS }, (_, n) => {
    const { options } = TRANSPORTS[Math.floor(n / WORDS.length) % TRANSPORTS.length];
    const { url } = network;
    return new Returner(WORDS[n % WORDS.length], people[Math.floor(n / EACH)], { url, ...options });
  });
  await Promise.all([...travellers.map((one) => one.come()), ...returners.map((one) => one.hearing(project))]);
  const everybody = [...travellers, ...returners];

  let over = false;
  const travel = async (one) => {
    while (!over) {
      await one.link.ended;
      for (let there = false; !there && !over; ) {
        try {
          assert.equal((await one.come()).reset, undefined);
          one.returned = (one.returned ?? 0) + 1;
          there = true;
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          await pause(BACK_OFF_MS);
        }
      }
    }
  };
  const travelling = Promise.all(travellers.map(travel));
  /** Never so, but it fails when one of them does. */
  const travelled = travelling.then(() => new Promise(() => {}));

  let made = 0;
  const write = async (upto) => {
    const hand = async ({ id }) => {
      while (made < upto) {
        made += 1;
        await world.alice.rest.patch(`/tasks/${id}`, { title: `change ${made}` });
      }
    };
    await Promise.all(task.map(hand));
  };
  for (let drop = 0; drop < DROPS; drop += 1) {
    await write(made + CHANGES);
    const writing = write(made + CHANGES);
    network.cut();
    await Promise.all([pause(DROP_MS), writing]);
    network.mend();
    await Promise.race([travelled, Promise.all(everybody.map((one) => one.hears(made)))]);
  }
  await write(made + CHANGES);

  const { events } = await world.alice.rest.feed(since);
  const told = events.map(({ payload }) => payload.task.title);
  assert.equal(told.length, made);
  await Promise.race([travelled, Promise.all(everybody.map((one) => one.hears(made)))]);
  for (const one of everybody) assert.deepEqual(one.titles, told, `${one.socket ? one.dialect : 'a raw socket'}`);
  for (const { dialect, recovered } of returners) {
    assert.ok(recovered.length >= DROPS && recovered.every((one) => one), `${dialect}: ${recovered}`);
  }
  const returns = returners.reduce((all, one) => all + one.recovered.length, 0);
  t.diagnostic(`told: ${made} changes, ${network.carried} connections, ${returns} recovered, ${made * everybody.length} deliveries, each client each change once and in order`);
  assert.ok(travellers.every(({ returned }) => returned >= DROPS), 'everybody was dropped each time');
  over = true;
  travellers.forEach((one) => one.lose());
  returners.forEach((one) => one.close());
  await travelling;
});

// Connection state recovery for stock clients of Socket.IO: what they missed, once and in order,
// under the same id; and when there is none.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Proxy } from '../lib/proxy.js';
import { JOIN, Returner } from '../lib/returner.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { World } from '../lib/world.js';

let world;
let network;
let project;
let task;
const clients = [];
before(async () => {
  world = await World.start(['alice', 'bob', 'carol'], { env: { ACCESS_TOKEN_EXPIRE_MINUTES: '600' } });
  network = await Proxy.to(world.server.port);
  project = await world.project(world.alice, world.bob);
  task = await world.task(world.alice, project, { assignee_id: world.bob.id });
});
after(async () => {
  clients.forEach((one) => one.close());
  network.close();
  await world.stop();
});

const returner = (dialect, person, options) => {
  const one = new Returner(dialect, person, { url: network.url, ...options });
  clients.push(one);
  return one;
};

let count = 0;
const change = async () => {
  count += 1;
  await world.alice.rest.patch(`/tasks/${task.id}`, { title: `change ${count}` });
  return `change ${count}`;
};

/** Cuts the network, does something, and mends it. */
const meanwhile = async (what) => {
  network.cut();
  try {
    return await what();
  } finally {
    network.mend();
  }
};

for (const { name, options } of TRANSPORTS) {
  for (const dialect of Object.keys(JOIN)) {
    test(`${dialect}, ${name}: what was missed comes once, in order, before what happens`, async () => {
      const one = await returner(dialect, world.bob, options).hearing(project);
      const expected = [await change()];
      await one.hears(expected[0]);
      for (let drop = 1; drop <= 2; drop += 1) {
        await meanwhile(async () => {
          for (let n = 0; n < 5; n += 1) expected.push(await change());
        });
        await one.returns(drop);
        expected.push(await change());
        await one.hears(expected.at(-1));
        assert.deepEqual(one.titles, expected);
      }
      assert.deepEqual(one.recovered, [true, true]);
      assert.equal(one.ids.size, 1, 'it is known by the same id');
      one.close();
    });
  }
}

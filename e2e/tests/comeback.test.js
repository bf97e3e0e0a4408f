// A server is killed, and all its clients come back at once: each has heard every change once and
// in order, and the log was not read for each of them.
//
// CLIENTS (300), a third of each: raw sockets of both dialects that can resume, and stock clients of
// Socket.IO in the words of each dialect. How long it takes is told.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { deferred } from '../lib/deadline.js';
import { Metrics } from '../lib/metrics.js';
import { Returner, WORDS } from '../lib/returner.js';
import { DIALECTS, Traveller } from '../lib/traveller.js';
import { World } from '../lib/world.js';

const CLIENTS = Number(process.env.CLIENTS ?? 300);
/** Changes before the end, and after it while clients come back. */
const CHANGES = 100;
/** Of these, those that are made before clients of raw sockets come back. */
const FIRST = 10;
/** Connections of one person. */
const EACH = 50;
/** From one attempt to come back to the next. */
const BACK_OFF_MS = 20;
/** Reads of the log: for whoever comes back, and by the publisher where it was handed nothing. */
const READS = ['chorus_catch_up_log_reads_total', 'chorus_log_reads_total'];
/** Most of them, whatever the number of clients. */
const MOST_READS = 20;

let world;
before(async () => {
  const people = Array.from({ length: Math.ceil(CLIENTS / EACH) }, (_, n) => `bob${n}`);
  world = await World.start(['alice', ...people], { env: { WS_MAX_CONNECTIONS_PER_USER: '64' } });
});
after(() => world.stop());

/** The clock paces who comes back; nothing is waited for by it. */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test(`${CLIENTS} clients come back at once`, async (t) => {
  const people = Object.keys(world).filter((name) => name.startsWith('bob')).map((name) => world[name]);
  const project = await world.project(world.alice, ...people);
  const task = await world.task(world.alice, project);
  const numbers = Array.from({ length: CLIENTS }, (_, n) => n);
  const person = (n) => people[Math.floor(n / EACH)];
  const travellers = numbers.filter((n) => n % 3 < 2).map((n) =>
    new Traveller(Object.values(DIALECTS)[n % 3], person(n), [`project:${project.id}`]));
  const returners = numbers.filter((n) => n % 3 === 2).map((n) => new Returner(WORDS[n % WORDS.length], person(n)));
  await Promise.all([...travellers.map((one) => one.come()), ...returners.map((one) => one.hearing(project))]);
  const everybody = [...travellers, ...returners];
  const since = await world.alice.rest.cursor();
  let made = 0;
  const write = async (count) => {
    for (let n = 0; n < count; n += 1) {
      made += 1;
      await world.alice.rest.patch(`/tasks/${task.id}`, { title: `change ${made}` });
    }
  };
  await write(CHANGES);

  /** When there is something that whoever comes back has missed. */
  const missed = deferred();
  const back = async (one) => {
    await one.link.ended;
    await missed.promise;
    for (;;) {
      try {
        assert.equal((await one.come()).reset, undefined);
        return;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        await pause(BACK_OFF_MS);
      }
    }
  };
  const coming = Promise.all(travellers.map(back));
  await world.server.end('SIGKILL');
  await world.server.restart();
  const began = performance.now();
  await write(FIRST);
  missed.resolve();
  await Promise.all([write(CHANGES - FIRST), coming]);
  await Promise.all(everybody.map((one) => one.hears(made)));
  const millis = performance.now() - began;
  const metrics = await Metrics.of(world.server.url);
  const reads = READS.reduce((sum, name) => sum + metrics.value(name), 0);
  const replayed = metrics.value('chorus_events_replayed_total');
  assert.ok(replayed >= travellers.length * FIRST, `${replayed} events were told to who had missed them`);
  const { events } = await world.alice.rest.feed(since);
  const told = events.map(({ payload }) => payload.task.title);
  assert.equal(told.length, made);
  for (const one of everybody) assert.deepEqual(one.titles, told);
  assert.ok(returners.every(({ recovered }) => recovered.length === 1 && recovered[0]), 'each recovered');
  t.diagnostic(`told: all back and caught up ${(millis / 1_000).toFixed(1)} s after the restart, ${reads} reads of the log`);
  assert.ok(reads <= MOST_READS, `${reads} reads of the log`);
  travellers.forEach((one) => one.lose());
  returners.forEach((one) => one.close());
});

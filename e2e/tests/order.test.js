// Many who write and many who listen: every listener hears every change once, in the order in which
// it was stored. Sizes by TASKS and SUBSCRIBERS.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { deferred, within } from '../lib/deadline.js';
import { RawSocket } from '../lib/raw.js';
import { World } from '../lib/world.js';

const TASKS = Number(process.env.TASKS ?? 5_000);
const SUBSCRIBERS = Number(process.env.SUBSCRIBERS ?? 200);
const WRITERS = 16;
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin'];
/** The whole exercise: much more than a single wait. */
const LONG_MS = 240_000;
const CREATED = '42["task_created",';
const LAST = '42["project_updated",';

/** Hears `task_created` on a bare socket, until it hears of the project itself. */
class Subscriber {
  /** Ids of tasks in the order in which they were heard. */
  ids = [];
  #last = deferred();

  static async connected(person) {
    const subscriber = new Subscriber();
    subscriber.raw = await RawSocket.connected(person);
    subscriber.raw.onMessage = (message) => subscriber.#hear(message);
    subscriber.raw.ended.then((code) => {
      subscriber.#last.reject(new Error(`cut off with ${code} after ${subscriber.ids.length} tasks`));
    });
    return subscriber;
  }

  /** Resolves when the last event was heard; fails if the server cuts the subscriber off before. */
  get last() {
    return this.#last.promise;
  }

  #hear(message) {
    if (message.startsWith(CREATED)) this.ids.push(JSON.parse(message.slice(2))[1].task.id);
    else if (message.startsWith(LAST)) this.#last.resolve();
  }
}

describe('order', () => {
  let world;
  before(async () => (world = await World.start(NAMES)));
  after(() => world.stop());

  test(`${TASKS} tasks by ${WRITERS} hands, heard by ${SUBSCRIBERS}`, async (t) => {
    const people = NAMES.map((name) => world[name]);
    const [owner, ...others] = people;
    const project = await world.project(owner, ...others);
    const subscribers = await Promise.all(
      Array.from({ length: SUBSCRIBERS }, (_, at) => Subscriber.connected(people[at % people.length])),
    );

    const began = performance.now();
    const heard = Promise.all(subscribers.map((subscriber) => subscriber.last));
    const made = [];
    const slowest = () => Math.min(...subscribers.map((subscriber) => subscriber.ids.length));
    const progress = () => `${made.length} made, ${slowest()} heard by the slowest`;
    await within(Promise.all([write(people, project, TASKS, made), heard]), progress, LONG_MS);
    t.diagnostic(`${Math.round(performance.now() - began)} ms`);

    const stored = await storedIds(owner, project);
    assert.equal(stored.length, TASKS);
    assert.deepEqual(made.sort((a, b) => a - b), stored, 'what was acknowledged is stored');
    for (const subscriber of subscribers) {
      assert.deepEqual(subscriber.ids, stored, 'each once, ids rising, equal to what is stored');
      subscriber.raw.destroy();
    }
  });

  test('one who does not read holds nobody up, and misses nothing', async () => {
    const [owner, slow] = [world.alice, world.bob];
    const project = await world.project(owner, slow);
    const [reader, sleeper] = [await Subscriber.connected(owner), await Subscriber.connected(slow)];
    const ending = sleeper.last.then(() => 'caught up', (cut) => cut.message);
    sleeper.raw.pause();
    // More than any buffer on the way holds.
    const count = 3_000;
    const writing = write([owner], project, count, [], { description: 'x'.repeat(5_000) });
    await within(Promise.all([writing, reader.last]), () => `${reader.ids.length} heard`, LONG_MS);
    const stored = await storedIds(owner, project);
    assert.deepEqual(reader.ids, stored);
    sleeper.raw.resume();
    const outcome = await within(ending, () => `the sleeper, who has heard ${sleeper.ids.length}`);
    assert.equal(outcome, 'caught up');
    assert.deepEqual(sleeper.ids, stored, 'from the first to the last');
    reader.raw.destroy();
  });
});

/** Has `WRITERS` hands make `count` tasks in turn, then changes the project: the last event. */
async function write(people, project, count, made, fields) {
  let next = 0;
  const hand = async (_, number) => {
    const { rest } = people[number % people.length];
    while (next < count) {
      const title = `task ${next++}`;
      made.push((await rest.post('/tasks', { project_id: project.id, title, ...fields })).id);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, hand));
  await people[0].rest.patch(`/projects/${project.id}`, { name: 'Done' });
}

/** The ids of all tasks that are stored in a project, rising. */
async function storedIds(person, project) {
  const rows = await person.rest.all(`/tasks?project_id=${project.id}&sort=created_at&limit=200`);
  return rows.map((task) => task.id).sort((a, b) => a - b);
}

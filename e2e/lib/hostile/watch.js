// What is looked at while a server is treated badly: its figures, its memory, its neighbours.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { DEADLINE_MS, deferred, within } from '../deadline.js';
import { Metrics } from '../metrics.js';

/** Ends that are nobody's fault: of links that a test gives up. */
const ORDINARY = ['transport_closed', 'client_closed'];

/** A link at a door that hears what happens in a project from now on. */
export async function enterProject(door, person, project) {
  const link = await door.enter(person);
  for (const [word, json] of door.dialect.hears(project.id)) link.sendText(door.say(word, json));
  link.sendText(door.question);
  await link.nextThat((message) => door.isAnswer(message));
  return link;
}

/** Somebody at a door who does nothing wrong, and hears of changes in a project. */
class Neighbour {
  #heard = new Map();
  #waiting = new Map();

  static async at(door, person, project) {
    const neighbour = new Neighbour();
    neighbour.name = door.name;
    neighbour.isNews = door.dialect.isNews ?? (() => true);
    neighbour.link = await enterProject(door, person, project);
    neighbour.link.onMessage = (message) => neighbour.#hear(message);
    return neighbour;
  }

  /** Waits until it has heard of a title. */
  hears(title) {
    if (this.#heard.has(title)) return Promise.resolve();
    const waiting = deferred();
    this.#waiting.set(title, waiting);
    return within(waiting.promise, `${title} for the neighbour at ${this.name}`);
  }

  /** How often it has heard of a title. */
  times(title) {
    return this.#heard.get(title) ?? 0;
  }

  #hear(message) {
    const title = /"(after [^"]*)"/.exec(message)?.[1];
    if (title === undefined || !this.isNews(message)) return;
    this.#heard.set(title, this.times(title) + 1);
    this.#waiting.get(title)?.resolve();
    this.#waiting.delete(title);
  }
}

/** A project with a neighbour at each of some doors, and a task that changes. */
export class Street {
  #titles = [];

  /** `rude` people are there all the time, so that nobody hears them come and go. The owner hears by role too. */
  static async of(world, { owner, rude, project, doors }) {
    const street = new Street();
    await world.setRole(owner, 'producer');
    street.residents = await Promise.all(rude.map((person) => doors[0].enter(person)));
    for (const link of street.residents) link.onMessage = () => {};
    street.owner = owner;
    street.task = await world.task(owner, project);
    street.neighbours = await Promise.all(doors.map((door) => Neighbour.at(door, owner, project)));
    await street.undisturbed();
    return street;
  }

  /** Changes the task: each neighbour hears of it, and has heard of every change before it once. */
  async undisturbed(more = {}) {
    const title = `after ${this.#titles.length}`;
    await this.owner.rest.patch(`/tasks/${this.task.id}`, { title, ...more });
    await Promise.all(this.neighbours.map((one) => one.hears(title)));
    const before = this.#titles.at(-1);
    if (before !== undefined) this.heardOnce([before]);
    this.#titles.push(title);
  }

  /** Many changes at once, with much to tell of each. */
  async much(times, more) {
    const titles = Array.from({ length: times }, (_, n) => `after ${this.#titles.length + n}`);
    this.#titles.push(...titles);
    for (const title of titles) {
      await this.owner.rest.patch(`/tasks/${this.task.id}`, { title, description: `much ${title} ${more}` });
    }
    await Promise.all(this.neighbours.flatMap((one) => titles.map((title) => one.hears(title))));
  }

  /** Each neighbour has heard of each change once. */
  heardOnce(titles = this.#titles.slice(0, -1)) {
    for (const one of this.neighbours) {
      for (const title of titles) assert.equal(one.times(title), 1, `${one.name} hears "${title}" once`);
    }
  }

  leave() {
    [...this.residents, ...this.neighbours.map(({ link }) => link)].forEach((link) => link.destroy());
  }
}

/** Looks at the figures of a server again and again until `look` gives what is expected. */
export async function comesTo(server, expected, look, about, ms = DEADLINE_MS) {
  const deadline = Date.now() + ms;
  for (;;) {
    const seen = look(await Metrics.of(server.url));
    try {
      return assert.deepEqual(seen, expected, about);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/** What goes up and down with who is there. */
export const gauges = (metrics) => ({
  connections: metrics.family('chorus_connections'),
  sessions: metrics.family('chorus_sessions'),
  strangers: metrics.value('chorus_strangers'),
  users: metrics.value('chorus_users'),
  rooms: metrics.value('chorus_rooms'),
});

/** A link that is given up with something unread ends with a reset: of these ends there may be more. */
const RESET = 'sessions_ended/transport_error';

/**
 * What these figures counted since `earlier`, to be compared with `expected`, without what ends by
 * itself: `{ 'figure/reason': times }`.
 */
export const counted = (names, earlier, expected) => (metrics) => {
  const grown = {};
  for (const name of names) {
    const then = earlier.family(`chorus_${name}_total`);
    for (const [reason, value] of Object.entries(metrics.family(`chorus_${name}_total`))) {
      if (value > then[reason] && !ORDINARY.includes(reason)) grown[`${name}/${reason}`] = value - then[reason];
    }
  }
  if (grown[RESET] > (expected[RESET] ?? 0)) {
    if (expected[RESET]) grown[RESET] = expected[RESET];
    else delete grown[RESET];
  }
  return grown;
};

/** The memory of a process, in KiB. */
export async function resident(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]);
}

/** Runs jobs, at most `width` at a time. */
export async function together(width, jobs) {
  const left = [...jobs];
  const worker = async () => {
    for (let job = left.shift(); job; job = left.shift()) await job();
  };
  await Promise.all(Array.from({ length: width }, worker));
}

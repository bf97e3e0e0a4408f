// A snapshot and the feed from its cursor are the project as it is, whatever is written meanwhile.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { nextPage } from '../lib/rest.js';
import { World } from '../lib/world.js';

/** Tasks that each writer makes, changes, and deletes one in three of. */
const WRITES = 60;
const WRITERS = 4;
/** Readers, each with parts of another size. */
const READERS = [1, 2, 3, 7, 50, 1000];

describe('snapshots', () => {
  let world;
  let project;
  before(async () => {
    world = await World.start(['alice', 'bob', 'mallory']);
    project = await world.project(world.alice, world.bob);
  });
  after(() => world.stop());

  const path = (query = '') => `/projects/${project.id}/snapshot${query}`;

  /** All parts: the first one's cursor, and the tasks by id. */
  const snapshot = async (rest, limit) => {
    let cursor;
    const tasks = new Map();
    for (let next = path(`?limit=${limit}`); next; ) {
      const { status, headers, body } = await rest.ask('GET', next);
      assert.equal(status, 200, JSON.stringify(body));
      assert.ok(body.tasks.length <= limit);
      assert.equal(headers.get('chorus-cursor'), body.cursor);
      cursor ??= body.cursor;
      assert.equal(body.cursor, cursor, 'all parts have the cursor of the first');
      for (const task of body.tasks) {
        assert.equal(tasks.has(task.id), false, 'each task is in one part');
        tasks.set(task.id, task);
      }
      next = nextPage(headers.get('link'));
    }
    return { cursor, tasks };
  };

  /** What becomes of tasks by these events, as a client does it: what is newer counts. */
  const follow = (tasks, events) => {
    for (const { kind, payload } of events) {
      if (!payload.task?.version) continue;
      const { task } = payload;
      if (kind === 'task.deleted') tasks.delete(task.id);
      else if ((tasks.get(task.id)?.version ?? 0) < task.version) tasks.set(task.id, task);
    }
  };

  test('tell the project, its members, its tasks and where to go on from', async () => {
    const task = await world.task(world.alice, project);
    await world.alice.rest.post(`/projects/${project.id}/channels`, { name: 'general' });
    const { rest } = world.bob;
    const { body } = await rest.ask('GET', path());
    assert.deepEqual(body, {
      cursor: await rest.cursor(),
      project: await rest.get(`/projects/${project.id}`),
      members: await rest.get(`/projects/${project.id}/members`),
      channels: await rest.get(`/projects/${project.id}/channels`),
      tasks: [await rest.get(`/tasks/${task.id}`)],
      items: [],
      totals: body.totals,
      invitations: [],
    });
    assert.equal(body.totals.budget_category.remaining, '0.00');
  });

  test('and the feed after them miss nothing, while others write', async () => {
    let writing = WRITERS;
    const write = async () => {
      for (let n = 0; n < WRITES; n += 1) {
        const task = await world.task(world.alice, project, { title: `task ${n}` });
        await world.bob.rest.patch(`/tasks/${task.id}`, { title: `changed ${n}`, status: 'review' });
        if (n % 3 === 0) await world.alice.rest.delete(`/tasks/${task.id}`);
      }
      writing -= 1;
    };
    const taken = [];
    const read = async (limit) => {
      do taken.push({ limit, ...(await snapshot(world.bob.rest, limit)) });
      while (writing > 0);
    };
    await Promise.all([...Array.from({ length: WRITERS }, write), ...READERS.map(read)]);
    const now = await world.bob.rest.all(`/projects/${project.id}/tasks?limit=200`);
    const byId = (tasks) => tasks.sort((a, b) => a.id - b.id);
    assert.ok(taken.length > READERS.length, `${taken.length} snapshots`);
    for (const { limit, cursor, tasks } of taken) {
      const { events } = await world.bob.rest.feed(cursor);
      follow(tasks, events);
      assert.deepEqual(byId([...tasks.values()]), byId([...now]), `in parts of ${limit}, from ${cursor}`);
    }
  });

  test('are for members, and parts are named wholly', async () => {
    await world.mallory.rest.refused(404, 'GET', path());
    const cursor = await world.bob.rest.cursor();
    const wrong = {
      '?after=1': 'cursor',
      [`?cursor=${cursor}`]: 'after',
      [`?cursor=${cursor}&after=x`]: 'after',
      [`?cursor=${cursor}&after=`]: 'after',
      '?cursor=x&after=1': 'cursor',
      '?cursor=otherepoch-1&after=1': 'cursor',
      [`?cursor=${cursor}0000&after=1`]: 'cursor',
      '?limit=0': 'limit',
      '?limit=1001': 'limit',
    };
    for (const [query, field] of Object.entries(wrong)) {
      const { error } = await world.bob.rest.refused(422, 'GET', path(query));
      assert.deepEqual(Object.keys(error.fields), [field], query);
    }
  });
});

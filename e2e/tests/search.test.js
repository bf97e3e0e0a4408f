// Searching: what is found, by whom, whatever is typed; and how long it takes where there is much.
// TASKS (2,000) and MESSAGES (20,000) are how much; ./proof.sh search has 100,000 and 1,000,000.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { nextPage } from '../lib/rest.js';
import { BINARY } from '../lib/server.js';
import { World } from '../lib/world.js';

const run = promisify(execFile);
const [TASKS, MESSAGES] = [process.env.TASKS ?? 2_000, process.env.MESSAGES ?? 20_000].map(Number);
/** Milliseconds that an answer may take, and times that each question is asked. */
const [MOST, TIMES] = [50, 20];
const ids = (found) => found.map(({ id }) => id);

describe('search', () => {
  let world;
  let [project, general, closed, task] = [];
  const search = (who, q, more = '') => who.rest.get(`/search?q=${encodeURIComponent(q)}${more}`);
  const say = (channel, content, who = world.alice) =>
    who.rest.post(`/channels/${channel.id}/messages`, { content });

  before(async () => {
    world = await World.start(['alice', 'bob', 'mallory']);
    project = await world.project(world.alice, world.bob);
    const channels = `/projects/${project.id}/channels`;
    general = await world.alice.rest.post(channels, { name: 'general' });
    closed = await world.alice.rest.post(channels, { name: 'closed', is_private: true });
    task = await world.task(world.alice, project, { title: 'Pour the Foundation', description: 'Façade later' });
  });
  after(() => world.stop());

  test('words are found in any case, without accents, the last by its beginning, all of them', async () => {
    const found = async (q) => ids((await search(world.bob, q)).tasks).length;
    for (const q of ['foundation', 'POUR found', 'facade', 'later façade', '"pour"', 'the-foundation']) {
      assert.equal(await found(q), 1, q);
    }
    for (const q of ['foundations', 'found pour', 'po', 'pour roof', 'oundation']) assert.equal(await found(q), 0, q);
  });

  test('messages, tasks and comments, the newest first, and what becomes of them', async () => {
    const { rest } = world.alice;
    const comment = await rest.post(`/tasks/${task.id}/comments`, { body: 'the zebra crossing' });
    const crossing = await world.task(world.alice, project, { title: 'zebra crossing', category: 'paint' });
    const [first, second] = [await say(general, 'a zebra'), await say(general, 'two zebras, one zebra')];
    const found = await search(world.bob, 'zebra');
    assert.deepEqual(found.messages, [second, first]);
    assert.deepEqual([found.tasks, found.comments], [[crossing], [comment]]);
    await rest.patch(`/messages/${first.id}`, { content: 'a horse' });
    await rest.patch(`/tasks/${crossing.id}`, { title: 'a crossing' });
    await rest.delete(`/comments/${comment.id}`);
    const left = await search(world.bob, 'zebra');
    assert.deepEqual([ids(left.messages), left.tasks, left.comments], [[second.id], [], []]);
    assert.deepEqual(ids((await search(world.bob, 'paint')).tasks), [crossing.id]);
    await rest.delete(`/messages/${second.id}`);
    await rest.delete(`/tasks/${crossing.id}`);
    const gone = await search(world.bob, 'zebra');
    assert.deepEqual(Object.values(gone), [[], [], []]);
    assert.deepEqual(ids((await search(world.bob, 'horse')).messages), [first.id]);
  });

  test('nobody finds what he may not see', async () => {
    await say(general, 'giraffe aloud');
    await say(closed, 'giraffe in private');
    const count = async (who, more) => (await search(who, 'giraffe', more)).messages.length;
    const here = `&project_id=${project.id}`;
    for (const more of ['', here]) {
      assert.deepEqual([await count(world.alice, more), await count(world.bob, more), await count(world.root, more)], [2, 1, 1]);
    }
    assert.equal(await count(world.mallory), 0);
    await world.mallory.rest.refused(404, 'GET', `/search?q=giraffe${here}`);
    await world.bob.rest.refused(404, 'GET', `/search/messages?q=giraffe&channel_id=${closed.id}`);
    const inside = await world.alice.rest.get(`/search/messages?q=giraffe&channel_id=${closed.id}`);
    assert.deepEqual(inside.map(({ content }) => content), ['giraffe in private']);
    await world.alice.rest.post(`/channels/${closed.id}/members`, { user_id: world.bob.id });
    assert.equal(await count(world.bob), 2);
    await world.alice.rest.delete(`/channels/${closed.id}/members/${world.bob.id}`);
    assert.equal(await count(world.bob), 1);
    const other = await world.project(world.alice, world.mallory);
    await world.task(world.alice, other, { title: 'giraffe' });
    assert.equal((await search(world.mallory, 'giraffe')).tasks.length, 1);
    await world.alice.rest.delete(`/projects/${other.id}/members/${world.mallory.id}`);
    assert.equal((await search(world.mallory, 'giraffe')).tasks.length, 0);
    await world.alice.rest.delete(`/projects/${other.id}`);
    assert.equal((await search(world.root, 'giraffe')).tasks.length, 0);
  });

  test('a list goes on where it ended, whatever is said meanwhile', async () => {
    const said = [];
    for (let n = 0; n < 7; n += 1) said.unshift((await say(general, `okapi ${n}`)).id);
    const found = [];
    for (let next = '/search/messages?q=okapi&limit=3'; next; ) {
      const { body, headers } = await world.bob.rest.ask('GET', next);
      found.push(...ids(body));
      await say(general, 'okapi again');
      next = nextPage(headers.get('link'));
    }
    assert.deepEqual(found, said);
  });

  test('what is typed is words and never a question to the database', async () => {
    const odd = ['a AND', 'NOT', 'a OR OR b', 'NEAR(a b)', 'place:p1', '{place} : p1', 'a"b', "a'b;--", '(', 'a*b', '^a',
      '*', '""', 'a + b', '-a', 'ａ', 'हिन्दी शब्द', '東京 タワー', '👍 a', 'ß', 'a\tb\nc', '\u0301 a', 'x'.repeat(200), 'İ', '①', '𝒳', 'c'.repeat(3)];
    for (const q of odd) {
      const { status, body } = await world.bob.rest.ask('GET', `/search?q=${encodeURIComponent(q)}`);
      const words = /[\p{L}\p{N}]/u.test(q);
      assert.equal(status, words ? 200 : 422, `${q}: ${JSON.stringify(body)}`);
    }
    const wrong = async (query) => (await world.bob.rest.refused(422, 'GET', `/search${query}`)).error.fields;
    assert.deepEqual(await wrong(''), { q: 'is required' });
    assert.deepEqual(await wrong(`?q=${'a+'.repeat(17)}`), { q: 'must be 1 to 16 words of letters or digits' });
    assert.deepEqual(await wrong(`?q=${'a'.repeat(201)}&limit=0`), { q: 'must be 200 characters or less', limit: 'must be between 1 and 200' });
    await say(general, 'हिन्दी शब्द, 東京');
    for (const q of ['शब्द', '東京']) assert.equal((await search(world.bob, q)).messages.length, 1, q);
  });

  test(`${TASKS} tasks with comments and ${MESSAGES} messages`, async (t) => {
    const crowd = await World.start(['alice', 'carol']);
    try {
      const file = crowd.server.database.replace('sqlite:', '');
      const program = path.join(path.dirname(BINARY), 'examples', 'crowded');
      const { stdout } = await run(program, [file, TASKS, MESSAGES]);
      const words = JSON.parse(stdout);
      const some = `&project_id=${(await crowd.alice.rest.get('/projects?limit=1&offset=1'))[0].id}`;
      const questions = {
        'the commonest word': words.common,
        'the two commonest words': `${words.common} ${words.next}`,
        'a word of every thousandth text': words.middling,
        'a common word and a rare one': `${words.common} ${words.rare}`,
        'a rare word': words.rare,
        'the beginning of many words': words.common.repeat(2).slice(0, 3),
        'no such word': 'xylophone',
      };
      for (const [name, q] of Object.entries(questions)) {
        for (const [who, more] of [['root', ''], ['alice', ''], ['alice', some], ['carol', '']]) {
          const times = [];
          let found;
          for (let n = 0; n < TIMES; n += 1) {
            const from = performance.now();
            found = await search(crowd[who], q, more);
            times.push(performance.now() - from);
          }
          times.sort((a, b) => a - b);
          const counts = Object.values(found).map((list) => list.length).join('/');
          const [half, last] = [times[TIMES / 2], times.at(-1)].map((time) => time.toFixed(1));
          t.diagnostic(`told: ${who}${more && ' in a project'}, ${name}: ${half} ms, at most ${last} ms (${counts} found)`);
          assert.ok(times[TIMES / 2] < MOST, `${name} for ${who}: ${half} ms`);
        }
      }
    } finally {
      await crowd.stop();
    }
  });
});

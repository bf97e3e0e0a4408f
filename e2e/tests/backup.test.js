// A copy is made while others write, holds what was acknowledged before it, and is put back: who
// has seen what it does not know is told to begin anew, and is never given other events for it.

import assert from 'node:assert/strict';
import { rm, rename, stat } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { Program } from '../lib/program.js';
import { audit } from '../lib/store.js';
import { DIALECTS, Traveller } from '../lib/traveller.js';
import { World } from '../lib/world.js';

/** Writers beside the copy. */
const WRITERS = 4;

describe('chorus backup', () => {
  let world;
  let [project, file, copy] = [];
  before(async () => {
    world = await World.start(['alice', 'bob']);
    project = await world.project(world.alice, world.bob);
    file = world.server.database.replace('sqlite:', '');
    copy = `${file}.copy`;
  });
  after(() => world.stop());

  /** Runs `chorus backup`: how it ended, and what it said. */
  const backup = async (to) => {
    const program = new Program(['backup', to], { DATABASE_URL: world.server.database });
    const { code } = await program.ended();
    return { code, said: program.lines.join('\n'), errors: program.errors };
  };
  const titles = async () =>
    new Set((await world.bob.rest.all(`/projects/${project.id}/tasks?limit=200`)).map(({ title }) => title));

  test('copies a database in use, and what it copied can be put back', async () => {
    let copying = true;
    const [before, beside] = [[], []];
    const write = async (list, title) => {
      await world.task(world.alice, project, { title });
      list.push(title);
    };
    for (let n = 0; n < 20; n += 1) await write(before, `before ${n}`);
    const known = await world.bob.rest.cursor();
    const writer = async (_, number) => {
      for (let n = 0; copying; n += 1) await write(beside, `beside ${number} ${n}`);
    };
    const writers = Array.from({ length: WRITERS }, writer);
    assert.deepEqual(await backup(copy), { code: 0, said: `copied ${file} to ${copy}`, errors: '' });
    copying = false;
    await Promise.all(writers);
    assert.equal((await stat(copy)).mode & 0o777, 0o600);
    await write(beside, 'after');
    const lost = await world.bob.rest.cursor();
    const travellers = Object.values(DIALECTS).map(
      (dialect) => new Traveller(dialect, world.bob, [`project:${project.id}`], /"(another|after)"/),
    );
    await Promise.all(travellers.map((one) => one.come(lost)));
    travellers.forEach((one) => one.lose());
    assert.deepEqual(await titles(), new Set([...before, ...beside]), 'nobody was disturbed');

    await world.server.end('SIGTERM');
    await Promise.all(['-wal', '-shm'].map((more) => rm(`${file}${more}`, { force: true })));
    await rename(copy, file);
    await world.server.restart();

    const found = await titles();
    assert.deepEqual(before.filter((title) => !found.has(title)), [], 'all that was before it is in the copy');
    assert.equal(found.has('after'), false);
    const { events } = await world.bob.rest.feed(known);
    const told = events.map(({ payload }) => payload.task.title);
    assert.deepEqual(new Set([...before, ...told]), found, 'rows and events are of one moment');
    await world.task(world.alice, project, { title: 'another' });
    const { reset, events: none } = await world.bob.rest.get(`/sync?since=${lost}`);
    assert.deepEqual([reset, none], ['rewritten', []]);
    for (const one of travellers) {
      assert.equal((await one.come(lost)).reset, 'rewritten');
      await world.task(world.alice, project, { title: 'another' });
      await one.hears('another');
      assert.deepEqual(one.titles, ['another'], 'only what happens from now on');
      one.lose();
    }
    await audit(world.server);
  });

  test('says what is in the way, and touches nothing', async () => {
    assert.equal((await backup(copy)).code, 0);
    const { size } = await stat(copy);
    const refused = async (to, why) => {
      const { code, errors } = await backup(to);
      assert.equal(code, 1);
      assert.match(errors, why);
    };
    await refused(copy, /chorus\.db\.copy exists already/);
    assert.equal((await stat(copy)).size, size);
    await refused('/nowhere/at/all', /cannot write \/nowhere\/at\/all: No such file/);
  });
});

// The ProdSight app's contract: who hears what. People of every role, and whoever a task is given
// to, against every event: each connection hears exactly what its cell of the matrix says, once.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { Prodsight } from '../lib/prodsight.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { World } from '../lib/world.js';

/** Somebody of every role in the workspace. */
const ROLES = {
  paula: 'producer',
  mona: 'production_manager',
  dirk: 'director',
  carl: 'crew',
  vera: 'vfx',
  dina: 'distribution_manager',
  ulf: 'user',
  anna: 'admin',
};
const PLANNERS = ['paula', 'mona', 'dirk'];

/** People of all roles on a server, `olga`'s project with all of them in it. */
async function production(options) {
  const names = Object.keys(ROLES);
  const world = await World.start([...names, 'olga'], { listen: ['prodsight'], ...options });
  for (const name of names.filter((one) => ROLES[one] !== 'user')) {
    await world.setRole(world[name], ROLES[name]);
  }
  const project = await world.project(world.olga, ...names.map((name) => world[name]));
  return { world, project };
}

const actions = (events) =>
  events.map(({ name, args: [update] }) => {
    assert.equal(name, 'task_update');
    return update.action;
  });

describe('prodsight: the matrix of roles', () => {
  let [world, project] = [];
  let clients;

  before(async () => {
    ({ world, project } = await production());
    // Two connections of everybody: each hears by itself.
    const connect = async (name) => [
      [name, await world.prodsight(world[name], TRANSPORTS[0])],
      [name, await world.prodsight(world[name], TRANSPORTS[1])],
    ];
    clients = (await Promise.all(Object.keys(ROLES).map(connect))).flat();
  });
  after(() => world.stop());

  for (const assignee of [null, ...Object.keys(ROLES)]) {
    const whose = assignee ? `given to a ${ROLES[assignee]}` : 'of nobody';
    test(`a task ${whose} is made, changed in every way, and deleted`, async () => {
      const { rest } = world.olga;
      const fields = assignee ? { assignee_id: world[assignee].id } : {};
      const { id } = await world.task(world.olga, project, fields);
      await rest.patch(`/tasks/${id}`, { title: 'Rig the lights', category: 'Lighting' });
      await rest.patch(`/tasks/${id}`, { status: 'done' });
      await rest.patch(`/tasks/${id}`, { status: 'todo', priority: 'low', due_date: '2027-01-31' });
      await rest.post(`/tasks/${id}/comments`, { body: 'Not an event of this app.' });
      await rest.delete(`/tasks/${id}`);
      await Promise.all(
        clients.map(async ([name, client]) => {
          const hears = PLANNERS.includes(name) || name === assignee;
          const expected = hears ? ['created', 'updated', 'updated', 'updated', 'deleted'] : [];
          assert.deepEqual(actions(await client.drain()), expected, `${name}, a ${ROLES[name]}`);
        }),
      );
    });
  }

  test('a task that changes hands is told to the new hands, not to the old', async () => {
    const { id } = await world.task(world.olga, project, { assignee_id: world.carl.id });
    // Three changes in one: still one word.
    await world.olga.rest.patch(`/tasks/${id}`, {
      assignee_id: world.vera.id,
      status: 'in_progress',
      title: 'Rig the lights',
    });
    await world.olga.rest.patch(`/tasks/${id}`, { assignee_id: null });
    const heard = { carl: ['created'], vera: ['updated'] };
    await Promise.all(
      clients.map(async ([name, client]) => {
        const expected = PLANNERS.includes(name) ? ['created', 'updated', 'updated'] : heard[name] ?? [];
        assert.deepEqual(actions(await client.drain()), expected, name);
      }),
    );
  });

  test('who did it hears it too', async () => {
    const { id } = await world.task(world.dirk, project);
    for (const [name, client] of clients) {
      const expected = PLANNERS.includes(name) ? ['created'] : [];
      assert.deepEqual(actions(await client.drain()), expected, name);
    }
    await world.dirk.rest.delete(`/tasks/${id}`);
    await Promise.all(clients.map(([, client]) => client.drain()));
  });

  test('what is told is stored already', async () => {
    const director = clients.find(([name]) => name === 'dirk')[1];
    const { id } = await world.task(world.olga, project, { title: 'First' });
    await world.olga.rest.patch(`/tasks/${id}`, { title: 'Second' });
    for (const action of ['created', 'updated']) {
      const told = await director.next('task_update');
      assert.equal(told.action, action);
    }
    const stored = await world.dirk.rest.get(`/tasks/${id}`);
    assert.equal(stored.title, 'Second');
    await Promise.all(clients.map(([, client]) => client.drain()));
  });
});

describe('prodsight: rights that change while connected', () => {
  let [world, project] = [];
  let director;
  before(async () => {
    ({ world, project } = await production());
  });
  afterEach(() => world.closeClients());
  after(() => world.stop());

  const tell = (fields) => world.task(world.olga, project, fields);
  const hears = async (client, ...expected) =>
    assert.deepEqual(actions(await client.drain()), expected, client.person.name);
  const belong = (person) =>
    world.olga.rest.post(`/projects/${project.id}/members`, { user_id: person.id, role: 'member' });
  const remove = (person) => world.olga.rest.delete(`/projects/${project.id}/members/${person.id}`);

  test('a role that changes moves what is heard at once, on every connection', async () => {
    const sockets = await Promise.all(TRANSPORTS.map((one) => world.prodsight(world.carl, one)));
    await tell();
    for (const socket of sockets) await hears(socket);
    await world.setRole(world.carl, 'producer');
    await tell();
    for (const socket of sockets) await hears(socket, 'created');
    await world.setRole(world.carl, 'director');
    await tell({ assignee_id: world.carl.id });
    for (const socket of sockets) await hears(socket, 'created');
    await world.setRole(world.carl, 'crew');
    await tell();
    for (const socket of sockets) await hears(socket);
  });

  test('somebody with a listed role who is not in the project hears nothing', async () => {
    director = await world.prodsight(world.dirk);
    const elsewhere = await world.project(world.olga, world.mona);
    const { id } = await world.task(world.olga, elsewhere);
    await world.olga.rest.patch(`/tasks/${id}`, { title: 'Secret' });
    await world.olga.rest.delete(`/tasks/${id}`);
    await director.quiet();
    await director.passedOver('join_project_room', { project_id: String(elsewhere.id) });
    await world.task(world.olga, elsewhere);
    await director.quiet();
  });

  test('removed, somebody hears nothing more, whatever is his; added, from then on', async () => {
    director = await world.prodsight(world.dirk);
    const crew = await world.prodsight(world.carl);
    const task = await tell({ assignee_id: world.dirk.id });
    const other = await tell({ assignee_id: world.carl.id });
    await hears(director, 'created', 'created');
    await hears(crew, 'created');
    await director.enter(project.id);
    await remove(world.dirk);
    await remove(world.carl);
    assert.deepEqual(await director.next('room_left'), { room: `project_${project.id}` });
    // Both are still the assignees of a task that changes.
    for (const { id } of [task, other]) {
      const { assignee_id: whose } = await world.olga.rest.patch(`/tasks/${id}`, { title: 'Unheard' });
      assert.ok([world.dirk.id, world.carl.id].includes(whose));
    }
    await hears(director);
    await hears(crew);
    await director.passedOver('join_project_room', { project_id: project.id });
    await belong(world.dirk);
    await belong(world.carl);
    await world.olga.rest.patch(`/tasks/${task.id}`, { title: 'Heard by one' });
    await world.olga.rest.patch(`/tasks/${other.id}`, { title: 'Heard by both' });
    await hears(director, 'updated', 'updated');
    await hears(crew, 'updated');
  });

  test('who connects after a change has the rights of after', async () => {
    await remove(world.dirk);
    const task = await tell({ assignee_id: world.dirk.id }).catch((error) => error);
    assert.match(task.message, /must name a member/);
    director = await world.prodsight(world.dirk);
    await tell();
    await hears(director);
    await belong(world.dirk);
    await tell();
    await hears(director, 'created');
  });

  test('the room of a project is no door to what a role does not hear, and leaving it closes none', async () => {
    const [crew, producer] = [await world.prodsight(world.carl), await world.prodsight(world.paula)];
    for (const client of [crew, producer]) await client.enter(project.id);
    await tell();
    await hears(crew);
    await hears(producer, 'created');
    await producer.leave(project.id);
    await tell();
    await hears(producer, 'created');
  });

  test('a project that was deleted is heard no more', async () => {
    director = await world.prodsight(world.dirk);
    const short = await world.project(world.olga, world.dirk);
    await world.task(world.olga, short, { assignee_id: world.dirk.id });
    await hears(director, 'created');
    await world.olga.rest.delete(`/projects/${short.id}`);
    await director.passedOver('join_project_room', { project_id: short.id });
  });

  test('an account that is closed is put out', async () => {
    const client = await world.prodsight(world.vera);
    await world.user('close', 'vera');
    const [reason] = await client.nextArgs('(disconnect)');
    assert.equal(reason, 'io server disconnect');
    await tell({ title: 'Unheard' });
    assert.deepEqual(actions(client.heard.filter(({ name }) => name === 'task_update')), []);
  });
});

describe('prodsight: the audience configured otherwise', () => {
  let folder;
  before(async () => (folder = await mkdtemp(path.join(tmpdir(), 'chorus-audience-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  const configured = async (line) => {
    const file = path.join(folder, 'chorus.toml');
    await writeFile(file, `[dialect.prodsight.audience]\ntask_update = ${line}\n`);
    return production({ args: ['--config', file] });
  };

  const connect = async (world, name) => {
    const client = new Prodsight(world.at('prodsight', world[name]), TRANSPORTS[0].options);
    await client.next('connection_status');
    return [name, client];
  };

  for (const [line, hearers] of [
    ['["crew", "distribution_manager"]', ['carl', 'dina']],
    ['["admin", "user", "crew"]', ['anna', 'ulf', 'carl']],
    ['["assignee", "crew"]', ['carl', 'vera']],
  ]) {
    test(`task_update = ${line}`, async () => {
      const { world, project } = await configured(line);
      const clients = await Promise.all(Object.keys(ROLES).map((name) => connect(world, name)));
      const { id } = await world.task(world.olga, project, { assignee_id: world.vera.id });
      await world.olga.rest.delete(`/tasks/${id}`);
      // One who hears is the witness: what he has heard was queued for all.
      const [, witness] = clients.find(([name]) => name === 'carl');
      for (const action of ['created', 'deleted']) {
        assert.equal((await witness.next('task_update')).action, action);
      }
      for (const [name, client] of clients.filter(([name]) => name !== 'carl')) {
        await client.askAfterSignals();
        const expected = hearers.includes(name) ? ['created', 'deleted'] : [];
        const heard = client.heard.filter((event) => event.name === 'task_update');
        assert.deepEqual(actions(heard), expected, `${name}, a ${ROLES[name]}`);
      }
      for (const [, client] of clients) client.close();
      await world.stop();
    });
  }
});

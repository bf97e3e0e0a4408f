// Holes of the applications' former servers that no other file closes: docs/protocol/holes.md has
// them all, each with the test that shows what became of it.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { Envelope, refusal as envelopeRefusal } from '../lib/envelope.js';
import { Flux } from '../lib/flux.js';
import { PolledSession } from '../lib/hostile/polled.js';
import { NativeSocket } from '../lib/native.js';
import { Prodsight } from '../lib/prodsight.js';
import { Program } from '../lib/program.js';
import { Rest } from '../lib/rest.js';
import { Skybuild, who } from '../lib/skybuild.js';
import { Client } from '../lib/sockets.js';
import { World } from '../lib/world.js';

const PASSWORD = 'correct horse battery';
/** Secrets that stand in the sources and examples of the applications. */
const KNOWN = [
  'changeme',
  'change_me',
  'jwt-secret-key',
  'dev-secret-key',
  'jwt-secret-string',
  'CHANGE_ME_SUPER_SECRET',
  'development_secret_change_in_production',
];

const open = [];
const opened = (client) => {
  open.push(client);
  return client;
};
afterEach(() => open.splice(0).forEach((client) => client.close()));

/** A server on which each application has a listener. */
const start = (people) =>
  World.start(people, { env: { CHORUS_LOG: 'debug' }, listen: ['flux', 'prodsight', 'skybuild'] });

const skybuild = async (world, person) => {
  const options = { url: world.server.urls.skybuild, transports: ['websocket'] };
  return opened(await Skybuild.connected(person, { options }));
};

/** A client of this person in each of the five applications. */
const everywhere = async (world, person) => ({
  taskmanager: opened(await Client.connected(person)),
  flux: opened(await Flux.connected(person, { options: { namespace: '/flux', transports: ['websocket'] } })),
  prodsight: opened(await Prodsight.connected(world.at('prodsight', person))),
  skybuild: await skybuild(world, person),
  envelope: opened(await Envelope.connected(person)),
});

/** How each application's client of this person is refused. */
const refusals = async (world, person) => {
  const putOut = await opened(new Prodsight(world.at('prodsight', person))).next('(disconnect)');
  return {
    taskmanager: await Client.refusal(person, {}),
    flux: await Flux.refusal(person, { namespace: '/flux' }),
    prodsight: putOut,
    skybuild: await Skybuild.refusal(person, { url: world.server.urls.skybuild }),
    envelope: (await envelopeRefusal(world.server.url, { token: person.token })).body.reason,
  };
};

describe('holes of the former servers', () => {
  let world;
  before(async () => (world = await start(['alice', 'bob', 'carol', 'dora', 'mallory'])));
  after(() => world.stop());

  test('a person has one number, in every dialect and after a restart', async () => {
    const numbers = async () => {
      const { taskmanager, prodsight, skybuild: sky, envelope } = await everywhere(world, world.alice);
      return [
        taskmanager.welcome.user_id,
        Number(prodsight.welcome.user_id),
        Number(sky.welcome.user_id),
        envelope.welcome.data.user_id,
      ];
    };
    const first = await numbers();
    assert.deepEqual(first, first.map(() => world.alice.id));
    const ports = world.server.urls;
    await world.server.end('SIGTERM');
    await world.server.restart();
    assert.notDeepEqual(world.server.urls, ports, 'the addresses are those of the new process');
    assert.deepEqual(await numbers(), first);
  });

  test('an account that is closed is put out of every application, and stays out', async () => {
    const clients = await everywhere(world, world.dora);
    await world.user('close', 'dora');
    for (const name of ['taskmanager', 'flux', 'prodsight', 'skybuild']) await clients[name].next('(disconnect)');
    assert.deepEqual(await clients.envelope.closed(), { code: 4401, reason: 'Account is deactivated' });
    assert.deepEqual(await refusals(world, world.dora), {
      taskmanager: 'Connection rejected by server',
      flux: 'Invalid or expired token',
      prodsight: 'io server disconnect',
      skybuild: 'Authentication failed',
      envelope: 'User not found',
    });
    await world.dora.rest.refused(401, 'GET', '/projects');
    await new Rest(world.server.url).refused(403, 'POST', '/auth/login', {
      body: { username: 'dora', password: PASSWORD },
    });
  });

  describe('stored facts', () => {
    test('what nobody may set is not set', async () => {
      const project = await world.project(world.alice, world.bob);
      const elsewhere = await world.project(world.alice);
      const task = await world.task(world.alice, project);
      const forged = {
        id: task.id + 1_000,
        project_id: elsewhere.id,
        creator_id: world.mallory.id,
        created_by: world.mallory.id,
        created_at: '2001-01-01T00:00:00Z',
        completed_at: '2001-01-01T00:00:00Z',
        version: 77,
      };
      for (const method of ['PUT', 'PATCH']) {
        const { status } = await world.bob.rest.ask(method, `/tasks/${task.id}`, { body: forged });
        assert.equal(status, 200);
      }
      assert.deepEqual(await world.alice.rest.get(`/tasks/${task.id}`), task, 'nothing has changed');

      const owned = await world.alice.rest.get(`/projects/${project.id}`);
      await world.alice.rest.patch(`/projects/${project.id}`, {
        id: elsewhere.id,
        owner_id: world.mallory.id,
        created_at: '2001-01-01T00:00:00Z',
        version: 77,
      });
      assert.deepEqual(await world.alice.rest.get(`/projects/${project.id}`), owned);

      const me = await world.mallory.rest.get('/auth/me');
      const grab = { id: world.alice.id, username: 'alice', role: 'admin', is_active: true };
      await world.mallory.rest.patch('/auth/me', grab);
      assert.deepEqual(await world.mallory.rest.get('/auth/me'), me);
    });

    test('one field may be changed without naming the others', async () => {
      const project = await world.project(world.alice);
      const task = await world.task(world.alice, project, { priority: 'high', description: 'As it was' });
      const { status, body } = await world.alice.rest.ask('PUT', `/tasks/${task.id}`, {
        body: { status: 'in_progress' },
      });
      assert.equal(status, 200);
      assert.deepEqual(
        [body.status, body.title, body.priority, body.description],
        ['in_progress', task.title, 'high', 'As it was'],
      );
    });

    test('what is deleted twice is told once', async () => {
      const project = await world.project(world.alice, world.bob);
      const task = await world.task(world.alice, project);
      const board = opened(await Client.connected(world.bob));
      await world.alice.rest.delete(`/tasks/${task.id}`);
      await world.alice.rest.refused(404, 'DELETE', `/tasks/${task.id}`);
      assert.equal((await board.next('task_deleted')).task_id, task.id);
      await board.quiet();
    });

    test('a due date and an assignee are set and taken away, answered, stored and told', async () => {
      const project = await world.project(world.alice, world.bob);
      const task = await world.task(world.alice, project);
      const board = opened(await Client.connected(world.bob));
      const changes = [
        [{ due_date: '2026-12-31T23:59:59Z', assignee_id: world.bob.id }, { due_date: '2026-12-31T23:59:59', assigned_to: world.bob.id }],
        [{ due_date: null, assignee_id: null }, { due_date: null, assigned_to: null }],
      ];
      for (const [asked, told] of changes) {
        const answered = await world.alice.rest.patch(`/tasks/${task.id}`, asked);
        assert.equal(answered.assignee_id, asked.assignee_id);
        assert.deepEqual(await world.alice.rest.get(`/tasks/${task.id}`), answered);
        assert.deepEqual((await board.next('task_updated')).changes, told);
      }
      await board.quiet();
    });

    test('nobody reads or settles another\'s notifications', async () => {
      const project = await world.project(world.alice, world.bob, world.mallory);
      await world.task(world.alice, project, { assignee_id: world.bob.id });
      const [newest] = await world.bob.rest.get('/notifications?unread_only=true');
      const { status, body } = await world.mallory.rest.ask('POST', '/notifications/read', {
        body: { ids: [newest.id] },
      });
      assert.deepEqual([status, body], [200, { read: [] }]);
      const seen = await world.mallory.rest.all('/notifications');
      assert.ok(seen.every(({ id }) => id !== newest.id));
      const [still] = await world.bob.rest.get('/notifications?unread_only=true');
      assert.deepEqual([still.id, still.read_at], [newest.id, null]);
    });
  });

  describe('memberships', () => {
    let [project, native] = [];
    before(async () => (project = await world.project(world.alice, world.bob)));
    afterEach(() => native?.close());
    const roles = async () => {
      const members = await world.alice.rest.get(`/projects/${project.id}/members`);
      return Object.fromEntries(members.map(({ user_id: id, role }) => [id, role]));
    };

    test('the owner of one project is nobody in another', async () => {
      const before = await roles();
      const own = await world.project(world.mallory);
      const ways = [own, project].map(({ id }) => `/projects/${id}/members/${world.bob.id}`);
      for (const way of ways) {
        await world.mallory.rest.refused(404, 'PATCH', way, { body: { role: 'viewer' } });
        await world.mallory.rest.refused(404, 'DELETE', way);
      }
      const claim = { user_id: world.mallory.id, role: 'admin' };
      await world.mallory.rest.refused(404, 'POST', `/projects/${project.id}/members`, { body: claim });
      native = await NativeSocket.connected(world.mallory);
      for (const [word, more] of [['member.update', { role: 'viewer' }], ['member.remove', {}], ['member.add', {}]]) {
        const named = { project_id: project.id, user_id: world.bob.id, ...more };
        assert.equal((await native.ask(word, named)).error.code, 'not_found', word);
      }
      assert.deepEqual(await roles(), before);
    });

    test('an owner can be neither taken out nor made less, nor made', async () => {
      const before = await roles();
      await world.alice.rest.post(`/projects/${project.id}/members`, { user_id: world.carol.id, role: 'admin' });
      const path = `/projects/${project.id}/members/${world.alice.id}`;
      for (const person of [world.alice, world.carol]) {
        await person.rest.refused(403, 'DELETE', path);
        await person.rest.refused(403, 'PATCH', path, { body: { role: 'viewer' } });
      }
      const carol = `/projects/${project.id}/members/${world.carol.id}`;
      await world.carol.rest.refused(422, 'PATCH', carol, { body: { role: 'owner' } });
      await world.alice.rest.delete(carol);
      assert.deepEqual(await roles(), before);
    });
  });

  test('who vanish all at once are each told once, and are no longer counted', async () => {
    const status = () => new Rest(world.server.url).get('/ws/status', { root: true });
    const people = [world.bob, world.carol, world.mallory];
    const project = await world.project(world.alice, ...people);
    const alice = await skybuild(world, world.alice);
    await alice.enter(project);
    const before = await status();
    const sockets = await Promise.all(Array.from({ length: 12 }, (_, n) => skybuild(world, people[n % 3])));
    await Promise.all(sockets.map((socket) => socket.tell('join_project', { project_id: String(project.id) })));
    assert.equal((await status()).active_connections, before.active_connections + sockets.length);
    const arrived = [await alice.next('user:joined'), await alice.next('user:joined'), await alice.next('user:joined')];
    await alice.quiet();
    sockets.forEach((socket) => socket.close());
    const gone = [await alice.next('user:left'), await alice.next('user:left'), await alice.next('user:left')];
    const everybody = people.map((person) => who(person, project));
    const byUser = (told) => told.sort((a, b) => a.user_id - b.user_id);
    for (const told of [arrived, gone]) assert.deepEqual(byUser(told), byUser(everybody));
    await alice.quiet();
    assert.equal((await status()).active_connections, before.active_connections);
  });

  describe('secrets', () => {
    test('a password is nowhere in the database as it was typed', async () => {
      const folder = path.dirname(world.server.database.slice('sqlite:'.length));
      const files = await Promise.all(
        (await readdir(folder)).filter((name) => name.startsWith('chorus.db')).map((name) => readFile(path.join(folder, name))),
      );
      const holds = (text) => files.some((file) => file.includes(text));
      assert.ok(holds('mallory@example.com'), 'these are the files');
      assert.ok(!holds(PASSWORD));
      assert.ok(!holds(Buffer.from(PASSWORD).toString('base64')));
    });

    test('a server does not start if a token of an old back end would count as its own', async () => {
      const secret = 'the secret of an old back end';
      for (const command of ['check-config', 'serve']) {
        const program = new Program([command], {
          JWT_SECRET: secret,
          CHORUS_FLUX_SECRET: secret,
          DATABASE_URL: 'sqlite::memory:',
          CHORUS_LISTEN: '127.0.0.1:0',
        });
        assert.notEqual((await program.ended()).code, 0, command);
        assert.match(program.errors, /CHORUS_FLUX_SECRET: must not be the secret of JWT_SECRET/);
      }
    });

    for (const secret of KNOWN) {
      test(`a secret that everybody knows is refused: ${secret}`, async () => {
        for (const name of ['JWT_SECRET', 'CHORUS_PRODSIGHT_SECRET']) {
          const program = new Program(['check-config'], { [name]: secret });
          const { code } = await program.ended();
          assert.notEqual(code, 0);
          assert.match(program.errors, new RegExp(`${name}: is a secret that everybody knows`));
        }
      });
    }
  });
});

test('polls and probes use up no handshakes', async () => {
  const world = await World.start(['alice'], {
    env: { CHORUS_HANDSHAKES_PER_SECOND: '1', CHORUS_HANDSHAKE_BURST: '2' },
  });
  const session = await PolledSession.open(world.server.url, world.alice.token, { idle: true });
  const nobody = new Rest(world.server.url);
  for (let times = 0; times < 20; times += 1) {
    assert.equal((await session.ask(times === 0 ? '40' : '42["ping"]')).status, 200);
    assert.equal((await session.ask()).status, 200);
    await nobody.get('/ws/status', { root: true });
  }
  await session.ask('1');
  await world.stop();
});

describe('the log', () => {
  let world;
  before(async () => (world = await start(['alice'])));
  after(() => world.stop());

  test('no token and no password gets into the log', async () => {
    const { token, refreshToken } = world.alice;
    await everywhere(world, world.alice);
    await Client.refusal(world.alice, { query: { token: `${token}x` } });
    await envelopeRefusal(world.server.url, { token: refreshToken });
    const nobody = new Rest(world.server.url);
    await nobody.ask('POST', '/auth/login', { body: { username: 'alice', password: PASSWORD } });
    await nobody.ask('POST', '/auth/login', { body: { username: 'alice', password: `${PASSWORD}!` } });
    await nobody.ask('GET', `/tasks?token=${token}`);
    await nobody.ask('GET', `/nowhere/${token}`, { root: true });
    const { log } = world.server;
    assert.match(log, /^listening on /m, 'it is the whole log');
    assert.match(log, /request.*\/auth\/login|\/auth\/login.*request/, 'requests are in the log');
    for (const secret of [token, refreshToken, PASSWORD]) assert.ok(!log.includes(secret), secret);
    // The signature alone would let nobody in, but has no business there either.
    assert.ok(!log.includes(token.split('.')[2]));
  });
});

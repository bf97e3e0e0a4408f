// The database fails under clients that write: its disk is full, another process holds it, a command
// panics, a caller leaves. Each is told so clearly and in its own words; no row is without its
// event and no event without its row; and when the fault is over all is well.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { within } from '../lib/deadline.js';
import { Flux } from '../lib/flux.js';
import { Metrics } from '../lib/metrics.js';
import { NativeRaw, NativeSocket } from '../lib/native.js';
import { Program } from '../lib/program.js';
import { SECRET } from '../lib/server.js';
import { Client } from '../lib/sockets.js';
import { Holder, SmallDisk, audit } from '../lib/store.js';
import { DIALECTS, Traveller } from '../lib/traveller.js';
import { World } from '../lib/world.js';

/** What is written, so that a disk is soon full: as long as every door takes it. */
const LONG = 'x'.repeat(2_000);
/** The one text for a database that does not work, and for a mistake of the server. */
const UNAVAILABLE = 'The server is unavailable, try again later';
const INTERNAL = 'Internal error';
/** Writers beside one another. */
const HANDS = 8;

/** A world with somebody who writes, and two who hear all of it through whatever happens. */
class Site {
  /** What was asked for: title → id of the task, or none while that is not known. */
  asked = new Map();

  static async start(options) {
    const site = new Site();
    site.world = await World.start(['alice'], options);
    const { alice } = site.world;
    site.alice = alice;
    site.project = await site.world.project(alice);
    site.task = await site.world.task(alice, site.project);
    site.since = await alice.rest.cursor();
    site.hearers = Object.values(DIALECTS).map(
      (dialect) => new Traveller(dialect, alice, [`project:${site.project.id}`], /"(made-[^"]*)"/),
    );
    await site.come();
    return site;
  }

  get server() {
    return this.world.server;
  }

  /** The hearers come, and have lost nothing. */
  async come() {
    const answers = await Promise.all(this.hearers.map((one) => one.come()));
    for (const { reset } of answers) assert.equal(reset, undefined);
  }

  /** Asks for a task over REST; the same title is the same request. The answer. */
  async write(title) {
    if (!this.asked.has(title)) this.asked.set(title, undefined);
    const answer = await this.alice.rest.ask('POST', '/tasks', {
      body: { project_id: this.project.id, title, description: LONG },
      headers: { 'idempotency-key': title },
    });
    if (answer.status === 201) {
      assert.ok([undefined, answer.body.id].includes(this.asked.get(title)), `${title} was made twice`);
      this.asked.set(title, answer.body.id);
    }
    return answer;
  }

  /** Asks again for all of which it is not known whether it was done. */
  async writeAgain() {
    const open = [...this.asked].filter(([, id]) => id === undefined);
    for (const [title] of open) assert.equal((await this.write(title)).status, 201);
    return open.length;
  }

  /** Everything that was asked for is there once, was told once, and heard once by everybody. */
  async check() {
    const { events } = await this.alice.rest.feed(this.since);
    const created = events.filter(({ kind }) => kind === 'task.created').map(({ payload }) => payload.task);
    const made = created.filter(({ title }) => title.startsWith('made-'));
    assert.deepEqual(new Map(made.map(({ title, id }) => [title, id])), new Map([...this.asked].sort(byId)));
    assert.equal(made.length, this.asked.size);
    for (const one of this.hearers) {
      await one.hears(made.length);
      assert.deepEqual(one.titles, made.map(({ title }) => title));
    }
    return audit(this.server);
  }

  /** Another process that holds the database until it is let go, or the world ends. */
  async held() {
    this.holder = await Holder.of(this.server);
    return this.holder;
  }

  /** The status of a path that probes ask. */
  async probe(path) {
    return (await this.alice.rest.ask('GET', path, { root: true })).status;
  }

  async figure(name) {
    return (await Metrics.of(this.server.url)).value(`chorus_${name}`);
  }

  async stop() {
    this.hearers.forEach((one) => one.lose());
    await this.holder?.program.ended();
    return this.world.stop();
  }
}

const byId = ([, one], [, other]) => one - other;

/** Over REST, and in each dialect whose clients ask for what is stored: how it refuses a change. */
const DOORS = {
  rest: {
    come: ({ alice }) => alice.rest,
    refuses: async (rest, { task }, status, code, message) => {
      const { error } = await rest.refused(status, 'PATCH', `/tasks/${task.id}`, { body: { description: LONG } });
      assert.deepEqual(error, { code, message });
    },
    leave: () => {},
  },
  ...Object.fromEntries(Object.entries({ native: NativeSocket, 'native, raw': NativeRaw }).map(([name, Kind]) => [
    name,
    {
      come: ({ alice }) => Kind.connected(alice),
      refuses: async (client, { task }, _, code, message) => {
        const answer = await client.ask('task.update', { task_id: task.id, description: LONG });
        assert.deepEqual(answer, { ok: false, error: { code, message } });
        assert.equal((await client.ask('ping')).ok, true);
      },
      leave: (client) => client.close(),
    },
  ])),
  taskmanager: {
    come: ({ alice }) => Client.connected(alice),
    // Whoever comes makes a marker.
    written: 1,
    refuses: async (client, { task }, _, code, message) => {
      await client.refused(message, 'task_updated', { task_id: task.id, changes: { description: LONG } });
      await client.tell('ping', {});
    },
    leave: (client) => client.close(),
  },
};

/** What is refused at each of some doors, by clients that go on. */
const refusedAt = (doors, site, clients, ...how) =>
  Promise.all(Object.entries(doors).map(([name, door]) => door.refuses(clients[name], site, ...how)));
const comeTo = async (doors, site) =>
  Object.fromEntries(await Promise.all(Object.entries(doors).map(async ([name, door]) => [name, await door.come(site)])));
const leaveAll = (doors, clients) => Object.entries(doors).forEach(([name, door]) => door.leave(clients[name]));

describe('a full disk', () => {
  const disk = SmallDisk.of(8 << 20, 2 << 20);
  const options = { skip: disk === null && 'no disk can be mounted here; the limit of the engine is tested in crates/storage' };
  let [site, clients] = [];
  before(async () => {
    if (disk) site = await Site.start({ directory: disk.directory });
  });
  after(async () => {
    await site?.stop();
    disk?.remove();
  });

  test('refuses in everybody’s words, and keeps what it acknowledged', options, async (t) => {
    clients = await comeTo(DOORS, site);
    const hand = async (number) => {
      for (let count = 0; ; count += 1) {
        const { status, body } = await site.write(`made-by-${number}-${count}`);
        if (status === 201) continue;
        assert.deepEqual([status, body.error], [503, { code: 'unavailable', message: UNAVAILABLE }]);
        return;
      }
    };
    await Promise.all(Array.from({ length: HANDS }, (_, number) => hand(number)));
    disk.fill();
    // What was refused has left room in the write-ahead log, for less than the doors ask for.
    for (let n = 0, status = 200; status === 200; n += 1) {
      ({ status } = await site.alice.rest.ask('PATCH', `/tasks/${site.task.id}`, { body: { description: `${n}` } }));
    }
    await refusedAt(DOORS, site, clients, 503, 'unavailable', UNAVAILABLE);
    assert.deepEqual([await site.probe('/readyz'), await site.probe('/healthz')], [503, 200]);
    const made = [...site.asked].filter(([, id]) => id !== undefined);
    assert.ok(made.length > HANDS, `${made.length} were written before`);
    const stored = await site.alice.rest.all(`/tasks?project_id=${site.project.id}&limit=200`);
    assert.deepEqual(made.filter(([, id]) => !stored.some((task) => task.id === id)), []);
    // Whoever can be taken up again is refused if the disk takes his connection but not his room.
    const late = await NativeRaw.connected(site.alice);
    assert.equal((await late.ask('subscribe', { room: `project:${site.project.id}` })).ok, true);
    late.close();
    const { rows, events } = await audit(site.server);
    t.diagnostic(`${made.length} acknowledged; ${rows} versions of rows, ${events} events`);
  });

  test('goes on by itself when there is room', options, async () => {
    disk.free();
    // Nobody writes: whoever balances load by this sends nobody.
    const ready = async () => {
      while ((await site.probe('/readyz')) !== 200);
    };
    await within(ready(), 'the server being ready');
    assert.equal(await site.writeAgain(), HANDS);
    await site.check();
    leaveAll(DOORS, clients);
  });

  test('lets nobody start, and says why', options, async () => {
    await site.server.kill();
    disk.fill();
    const serve = ['serve', '--listen', '127.0.0.1:0', '--database', site.server.database];
    const program = new Program(serve, { JWT_SECRET: SECRET });
    const { code } = await program.ended();
    assert.equal(code, 1, `${program}`);
    assert.match(program.errors, /^chorus: .*(full|no space)/im);
    disk.free();
    await site.server.restart();
    await site.come();
    await site.write('made-after-all');
    await site.check();
  });
});

describe('a database that another process holds', () => {
  let site;
  before(async () => {
    site = await Site.start({ env: { ACCESS_TOKEN_EXPIRE_MINUTES: '60' } });
  });
  after(() => site.stop());

  test('for a moment: everybody waits', async () => {
    const holder = await site.held();
    const answer = site.write('made-in-a-moment');
    assert.equal(await site.probe('/healthz'), 200);
    await site.alice.rest.get(`/tasks/${site.task.id}`);
    await holder.release();
    assert.equal((await answer).status, 201);
    await site.check();
  });

  test('for longer: refused in everybody’s words, and readable', async () => {
    const doors = {
      ...DOORS,
      // Its clients ask for nothing to be stored; what they claim is looked up.
      flux: {
        come: ({ alice }) => Flux.connected(alice, { options: { namespace: '/flux', transports: ['websocket'] } }),
        refuses: (client, { task, project }) =>
          client.refused(UNAVAILABLE, 'task:updated', { projectId: String(project.id), task: { id: String(task.id) } }),
        leave: (client) => client.close(),
      },
    };
    const clients = await comeTo(doors, site);
    const holder = await site.held();
    const written = Promise.all(Array.from({ length: HANDS }, (_, n) => site.write(`made-under-hold-${n}`)));
    await refusedAt(doors, site, clients, 503, 'unavailable', UNAVAILABLE);
    for (const { status, body } of await written) {
      assert.deepEqual([status, body.error.code], [503, 'unavailable']);
    }
    // Whoever holds it is not the disk: nothing has to be mended here.
    assert.equal(await site.probe('/readyz'), 200);
    await site.alice.rest.get(`/tasks/${site.task.id}`);
    await holder.release();
    assert.equal(await site.writeAgain(), HANDS);
    await site.check();
    leaveAll(doors, clients);
  });

  test('callers who leave meanwhile do not stop what they asked for', async (t) => {
    const holder = await site.held();
    const leavers = Array.from({ length: HANDS }, (_, n) => leave(site, `made-for-nobody-${n}`));
    const lost = await NativeRaw.connected(site.alice);
    const title = 'made-for-the-lost';
    site.asked.set(title, undefined);
    const mutation = { project_id: site.project.id, title, description: LONG, mutation_id: title };
    lost.socket.send(JSON.stringify({ id: 1, type: 'task.create', data: mutation }));
    // What was sent is read when others have been answered after it.
    for (let turn = 0; turn < 3; turn += 1) await site.probe('/healthz');
    leavers.forEach((stream) => stream.resetAndDestroy());
    lost.socket.terminate();
    await holder.release();
    const again = await NativeRaw.connected(site.alice);
    const { ok, data, replayed } = await again.ask('task.create', mutation);
    assert.deepEqual([ok, replayed], [true, true], 'it was done, for whoever asked');
    site.asked.set(title, data.id);
    again.close();
    const before = await site.figure('events_committed_total');
    await site.writeAgain();
    const done = HANDS - ((await site.figure('events_committed_total')) - before);
    t.diagnostic(`${done} of ${HANDS} were done already`);
    assert.ok(done > 0);
    await site.check();
  });
});

/** Sends a request for a task over REST, for an answer that is not read. */
function leave(site, title) {
  site.asked.set(title, undefined);
  const { hostname, port, host } = new URL(site.server.url);
  const body = JSON.stringify({ project_id: site.project.id, title, description: LONG });
  const stream = connect({ host: hostname, port: Number(port), noDelay: true });
  stream.on('error', () => {});
  stream.write(
    `POST /api/v1/tasks HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${site.alice.token}\r\n` +
      `Idempotency-Key: ${title}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return stream;
}

describe('a panic in a command', () => {
  let site;
  before(async () => {
    site = await Site.start();
  });
  after(() => site.stop());

  for (const [name, door] of Object.entries(DOORS)) {
    test(`${name}: an answer, and nothing of it is left`, async () => {
      await site.server.end('SIGTERM');
      await site.server.restart({ CHORUS_PANIC_AT: `in-command:${1 + (door.written ?? 0)}` });
      await site.come();
      const before = await site.alice.rest.get(`/tasks/${site.task.id}`);
      const client = await door.come(site);
      await door.refuses(client, site, 500, 'internal', INTERNAL).catch((error) => {
        if (site.server.takePanics().length > 0) throw error;
        throw new Error('no panic: build with --features crash-points', { cause: error });
      });
      assert.match(site.server.takePanics().join(), /chorus-writer/);
      assert.deepEqual(await site.alice.rest.get(`/tasks/${site.task.id}`), before);
      assert.equal(await site.figure('commands_failed_total{reason="panicked"}'), 1);
      assert.equal((await site.write(`made-after-a-panic-at-${name.replace(/\W+/, "-")}`)).status, 201);
      await site.check();
      door.leave(client);
    });
  }
});

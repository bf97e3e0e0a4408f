// How far a file is that somebody sends: told in the native protocol, to who sends and to who is in
// the project, as the bytes come, and how it ended. Nobody else hears of it, no other dialect does,
// and who reads too slowly holds nobody up.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { deferred, within } from '../lib/deadline.js';
import { DOORS } from '../lib/hostile/doors.js';
import { enterProject } from '../lib/hostile/watch.js';
import { Metrics } from '../lib/metrics.js';
import { NativeRaw, NativeSocket } from '../lib/native.js';
import { World } from '../lib/world.js';

const MIB = 2 ** 20;
/** What fits into one file. */
const MOST = 32;
/** A description of almost the greatest length, in characters of four bytes, and changes that fill every buffer. */
const LONG = '🌉'.repeat(4_980);
const MANY = 3_000;

/** A file on its way, sent a piece at a time. */
class Sending {
  #answered = deferred();

  constructor(world, person, project, name, total) {
    const at = `${world.server.url}/api/v1/projects/${project.id}/assets/upload?name=${encodeURIComponent(name)}`;
    const length = total === undefined ? {} : { 'content-length': total };
    const headers = { authorization: `Bearer ${person.token}`, 'content-type': 'video/mp4', ...length };
    this.request = http.request(at, { method: 'POST', headers }, async (response) => {
      let text = '';
      for await (const piece of response) text += piece;
      this.#answered.resolve({ status: response.statusCode, body: JSON.parse(text) });
    });
    this.request.on('error', this.#answered.reject);
    this.#answered.promise.catch(() => {});
  }

  write(mib) {
    this.request.write(Buffer.alloc(mib * MIB));
    return this;
  }

  /** The answer, when all has been sent. */
  end(bytes = 0) {
    this.request.end(Buffer.alloc(bytes));
    return this.answer();
  }

  answer() {
    return within(this.#answered.promise, 'the answer to an upload');
  }

  cut() {
    this.request.destroy();
  }
}

describe('uploads on their way', () => {
  let [world, directory, project] = [];
  let [alice, bob, vera, mallory] = [];
  const send = (person, name, total) => new Sending(world, person, project, name, total);
  const figure = async (name) => (await Metrics.of(world.server.url)).value(`chorus_${name}`);

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'chorus-uploads-'));
    const env = { CHORUS_FILE_MIB: String(MOST), CHORUS_STALLED_SECONDS: '3600' };
    world = await World.start(['alice', 'bob', 'vera', 'mallory'], { env, args: ['--files', directory] });
    project = await world.project(world.alice, world.bob, [world.vera, 'viewer']);
    alice = await NativeRaw.connected(world.alice);
    vera = await NativeSocket.connected(world.vera);
    for (const member of [alice, vera]) assert.ok((await member.ask('subscribe', { room: `project:${project.id}` })).ok);
    // Who sends hears of it wherever he is connected, also where he looks at nothing.
    bob = await NativeSocket.connected(world.bob);
    mallory = await NativeRaw.connected(world.mallory);
    assert.ok((await mallory.ask('subscribe', { room: `project:${world.mallory.home.id}` })).ok);
  });
  after(async () => {
    [alice, bob, vera, mallory].forEach((client) => client?.close());
    await world.stop();
    await rm(directory, { recursive: true });
  });

  /** Everybody who may hears the same word of this upload; of bytes, the whole MiB, since pieces come in any size. */
  const everyone = async ({ mib, ...expected }) => {
    const words = await Promise.all([alice, vera, bob].map((client) => client.next('upload')));
    assert.deepEqual(words[1], words[0]);
    assert.deepEqual(words[2], words[0]);
    const { upload, at, received, ...told } = words[0];
    assert.equal(Math.floor(received / MIB), mib, `${received} bytes`);
    assert.match(upload, /^[a-z0-9]{12}$/);
    assert.match(at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const user = { id: world.bob.id, username: 'bob', full_name: 'Bob Example', email: 'bob@example.com' };
    assert.deepEqual(told, { user, project_id: project.id, item_id: null, ...expected });
    return upload;
  };
  /** Nothing was told that nobody has asked for above. */
  const nothingMore = async () => {
    for (const client of [alice, vera, bob, mallory]) {
      assert.ok((await client.ask('who')).ok);
      assert.deepEqual(client.names().filter((name) => name === 'upload'), []);
    }
  };

  test('each MiB is told as it comes, and the end after the event that says it', async () => {
    const [total, order] = [4 * MIB + 5, []];
    alice.socket.on('message', (text) => order.push(JSON.parse(text).type));
    const sending = send(world.bob, 'site „A“.mp4', total);
    const names = new Set();
    for (let mib = 1; mib <= 4; mib += 1) {
      sending.write(1);
      names.add(await everyone({ name: 'site „A“.mp4', mib, total, state: 'arriving' }));
    }
    assert.ok(!alice.names().includes('item.created'));
    const { status, body } = await sending.end(5);
    assert.deepEqual([status, body.size], [201, String(total)]);
    for (const member of [alice, vera]) {
      assert.equal((await member.next('item.created')).payload.item.id, body.id);
    }
    const last = { name: 'site „A“.mp4', mib: 4, total, state: 'done', item_id: body.id };
    names.add(await everyone(last));
    assert.equal(names.size, 1, 'one name of one upload');
    assert.deepEqual(order.slice(4), ['item.created', 'upload']);
    await nothingMore();
  });

  test('of a small file, and one that says itself that it is too large, nothing is told', async () => {
    await send(world.bob, 'small', MIB - 1).end(MIB - 1);
    const large = send(world.bob, 'large', (MOST + 1) * MIB).write(MOST + 1);
    assert.deepEqual([(await large.answer()).status, large.cut()], [413, undefined]);
    await nothingMore();
  });

  test('one that does not say its size, and a request that was made before', async () => {
    const told = { name: 'stream', total: null };
    const sending = send(world.bob, 'stream').write(1);
    await everyone({ ...told, mib: 1, state: 'arriving' });
    const { body } = await sending.end();
    await everyone({ ...told, mib: 1, state: 'done', item_id: body.id });
    // Sent again under its key it makes no event, and has its end nevertheless.
    const again = () => {
      const sent = { raw: Buffer.alloc(MIB), headers: { 'content-type': 'text/plain', 'idempotency-key': 'again' } };
      return world.bob.rest.ask('POST', `/projects/${project.id}/assets/upload?name=again`, sent);
    };
    const first = await again();
    assert.deepEqual((await again()).body, first.body);
    for (let time = 0; time < 2; time += 1) {
      const expected = { name: 'again', mib: 1, total: MIB };
      await everyone({ ...expected, state: 'arriving' });
      await everyone({ ...expected, state: 'done', item_id: first.body.id });
    }
    await nothingMore();
  });

  test('one that is cut off, and one that turns out too large, have failed', async () => {
    const cut = send(world.bob, 'cut', 9 * MIB).write(2);
    const expected = { name: 'cut', total: 9 * MIB };
    const upload = await everyone({ ...expected, mib: 1, state: 'arriving' });
    await everyone({ ...expected, mib: 2, state: 'arriving' });
    cut.cut();
    assert.equal(await everyone({ ...expected, mib: 2, state: 'failed' }), upload);
    const endless = send(world.bob, 'endless').write(MOST + 1);
    for (const client of [alice, vera, bob]) {
      const words = [];
      do words.push(await client.next('upload')); while (words.at(-1).state === 'arriving');
      assert.deepEqual([words.at(-1).state, words.length <= MOST], ['failed', true]);
      const grown = words.slice(1, -1).map(({ received }, at) => received - words[at].received);
      // A piece is smaller than half a MiB, and may stand on either side.
      assert.ok(grown.every((bytes) => bytes > MIB / 2), `${grown}`);
    }
    assert.equal((await endless.answer()).status, 413);
    endless.cut();
    assert.deepEqual(await readdir(path.join(directory, 'incoming')), []);
    await nothingMore();
  });

  test('who is put out is no longer seen sending, and hears no more of the others', async () => {
    const sending = send(world.bob, 'leak', 9 * MIB).write(1);
    const expected = { name: 'leak', total: 9 * MIB };
    await everyone({ ...expected, mib: 1, state: 'arriving' });
    await world.alice.rest.delete(`/projects/${project.id}/members/${world.bob.id}`);
    await bob.next('member.removed');
    sending.write(1);
    // His own screens are told how it ended.
    await everyone({ ...expected, mib: 2, state: 'failed' });
    assert.equal((await sending.answer()).status, 404);
    sending.cut();
    const other = send(world.alice, 'of others', MIB).write(1);
    await other.end();
    for (const client of [alice, vera]) {
      assert.deepEqual([(await client.next('upload')).name, (await client.next('upload')).state], ['of others', 'done']);
    }
    await nothingMore();
    await world.alice.rest.post(`/projects/${project.id}/members`, { user_id: world.bob.id, role: 'member' });
  });

  test('the other dialects hear nothing of it but what they hear of assets', async () => {
    const old = DOORS.filter(({ dialect }) => dialect.name !== 'native');
    assert.equal(new Set(old.map(({ dialect }) => dialect.name)).size, 5);
    await world.setRole(world.vera, 'producer');
    const links = await Promise.all(old.map((door) => enterProject(door, world.vera, project)));
    const heard = links.map(() => []);
    const answers = links.map((link, at) => {
      const answered = deferred();
      link.onMessage = (message) => {
        if (old[at].isAnswer(message)) answered.resolve();
        else heard[at].push(message);
      };
      return answered.promise;
    });
    await send(world.bob, 'quietly', 3 * MIB).write(3).end();
    for (const state of ['arriving', 'arriving', 'arriving', 'done']) {
      for (const client of [alice, vera, bob]) assert.equal((await client.next('upload')).state, state);
    }
    links.forEach((link, at) => link.sendText(old[at].question));
    await within(Promise.all(answers), 'the answers of all doors');
    for (const [at, door] of old.entries()) {
      const words = heard[at].filter((message) => message.includes('quietly'));
      const asset = door.dialect.name === 'prodsight' ? 1 : 0;
      assert.equal(words.length, asset, `${door.name}: ${words}`);
      for (const word of words) assert.match(word, /"asset_update"/);
      assert.ok(!heard[at].some((message) => message.includes('arriving')), door.name);
    }
    links.forEach((link) => link.destroy());
    await nothingMore();
  });

  test('who reads too slowly holds nobody up, misses what passes, and no event', async (t) => {
    const sleeper = await NativeRaw.connected(world.vera);
    assert.ok((await sleeper.ask('subscribe', { room: `project:${project.id}` })).ok);
    const task = await world.task(world.alice, project);
    sleeper.socket.pause();
    let changes = 0;
    while ((await figure('connections_behind')) === 0 && changes < MANY) {
      for (let more = 0; more < 20; more += 1) {
        changes += 1;
        await world.alice.rest.patch(`/tasks/${task.id}`, { description: `${changes} ${LONG}` });
      }
    }
    assert.equal(await figure('connections_behind'), 1);
    const withheld = await figure('signals_withheld_total');
    const words = 16;
    const sending = send(world.bob, 'meanwhile', words * MIB);
    for (let mib = 1; mib <= words; mib += 1) {
      sending.write(1);
      await everyone({ name: 'meanwhile', mib, total: words * MIB, state: 'arriving' });
    }
    const { body } = await sending.end();
    await everyone({ name: 'meanwhile', mib: words, total: words * MIB, state: 'done', item_id: body.id });
    assert.equal((await figure('signals_withheld_total')) - withheld, words + 1);
    sleeper.socket.resume();
    while ((await sleeper.next('item.created')).payload.item.id !== body.id);
    const updates = sleeper.names().filter((name) => name === 'task.updated').length;
    assert.equal(updates, changes);
    assert.ok(!sleeper.names().includes('upload'));
    t.diagnostic(`${changes} changes until it was behind`);
    // Until it has caught up, it may be passed over once more.
    while ((await figure('connections_behind')) > 0);
    await send(world.bob, 'again', MIB).write(1).end();
    assert.equal((await sleeper.next('upload')).received, MIB);
    sleeper.close();
  });
});

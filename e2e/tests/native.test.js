// The native protocol, over Socket.IO and over a raw socket: the log's own events, commands by
// name with an answer each, and the same changes in a room with the other dialects.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { deferred, within } from '../lib/deadline.js';
import { NativeRaw, NativeSocket } from '../lib/native.js';
import { assertShape, instant } from '../lib/shapes.js';
import { World } from '../lib/world.js';

/** Calls these with what a client hears, in the order in which it comes; asks who is there. */
function hearing(client, answered, changed) {
  if (client instanceof NativeSocket) {
    client.socket.on('presence', changed);
    return (about) => new Promise((resolve) => client.socket.emit('who', about, (answer) => resolve(answered(answer))));
  }
  client.socket.on('message', (text) => {
    const { type, data, ...more } = JSON.parse(text);
    if (type === 'presence') changed(data);
    if (type === 'reply') answered({ data, ...more });
  });
  return (about) => client.ask('who', about);
}

for (const [name, Native] of [['Socket.IO', NativeSocket], ['a raw socket', NativeRaw]]) {
  describe(`native over ${name}`, () => {
    let [world, project] = [];
    const open = [];
    const connect = async (person) => {
      const client = await Native.connected(person);
      open.push(client);
      return client;
    };
    const subscribed = async (person) => {
      const client = await connect(person);
      assert.equal((await client.ask('subscribe', { room: `project:${project.id}` })).ok, true);
      return client;
    };

    before(async () => {
      world = await World.start(['alice', 'bob', 'mallory']);
      project = await world.project(world.alice, world.bob);
    });
    afterEach(() => {
      open.splice(0).forEach((client) => client.close());
      world.closeClients();
    });
    after(() => world.stop());

    test('the welcome names the caller and the cursor', async () => {
      const { welcome } = await connect(world.alice);
      assert.deepEqual(Object.keys(welcome).sort(), ['at', 'cursor', 'unread', 'user']);
      assert.equal(welcome.user.username, 'alice');
      assert.match(welcome.cursor, /^[a-z0-9]+-\d+$/);
    });

    test('a command is answered with the entity, and told as the event of the log', async () => {
      const [alice, bob] = [await subscribed(world.alice), await subscribed(world.bob)];
      const asked = { project_id: project.id, title: 'Roof <beams>' };
      const { ok, data, cursor } = await alice.ask('task.create', asked);
      assert.equal(ok, true);
      assert.deepEqual(await world.bob.rest.get(`/tasks/${data.id}`), data);
      for (const client of [alice, bob]) {
        const event = await client.next('task.created');
        assert.deepEqual(event.payload, { task: data });
        assert.equal(event.actor.username, 'alice');
        assert.equal(cursor.split('-')[1], String(event.sync_id));
        assert.deepEqual(event.scope, { project: project.id });
      }
      const { events } = await world.bob.rest.feed(alice.welcome.cursor);
      assert.ok(events.some((event) => event.payload.task?.id === data.id), 'the feed has it too');
    });

    test('a task is told in its assignee\'s own room only while he belongs to the project', async () => {
      const other = await world.project(world.alice, world.mallory);
      const fields = { assignee_id: world.mallory.id };
      const task = await world.task(world.alice, other, fields);
      const mallory = await connect(world.mallory);
      await world.alice.rest.patch(`/tasks/${task.id}`, { title: 'Heard' });
      assert.equal((await mallory.next('task.updated')).payload.task.title, 'Heard');
      await world.alice.rest.delete(`/projects/${other.id}/members/${world.mallory.id}`);
      await mallory.next('member.removed');
      await world.alice.rest.patch(`/tasks/${task.id}`, { title: 'Secret' });
      await world.alice.rest.post(`/projects/${other.id}/members`, { user_id: world.mallory.id, role: 'member' });
      await mallory.next('member.added');
      await world.alice.rest.patch(`/tasks/${task.id}`, { title: 'Heard again' });
      assert.equal((await mallory.next('task.updated')).payload.task.title, 'Heard again');
    });

    test('each command, and what it is told as', async () => {
      const alice = await subscribed(world.alice);
      const done = async (name, data, kind) => {
        const answer = await alice.ask(name, data);
        assert.equal(answer.ok, true, JSON.stringify(answer));
        return [answer.data, await alice.next(kind)];
      };
      const [task] = await done('task.create', { project_id: project.id, title: 'A' }, 'task.created');
      const status = { task_id: task.id, status: 'review', if_version: task.version };
      const [, changed] = await done('task.update', status, 'task.status_changed');
      assert.equal(changed.payload.old, 'todo');
      const [comment] = await done('comment.create', { task_id: task.id, body: 'Hm' }, 'comment.created');
      const edited = { comment_id: comment.id, body: 'Oh' };
      assert.equal((await done('comment.update', edited, 'comment.updated'))[0].body, 'Oh');
      await done('comment.delete', { comment_id: comment.id }, 'comment.deleted');
      await done('task.delete', { task_id: task.id }, 'task.deleted');
      const named = { project_id: project.id, name: 'Second bridge' };
      await done('project.update', named, 'project.updated');
      const who = { project_id: project.id, user_id: world.mallory.id };
      await done('member.add', { ...who, role: 'viewer' }, 'member.added');
      await done('member.update', { ...who, role: 'member' }, 'member.updated');
      await done('member.remove', who, 'member.removed');
    });

    test('faults are answered with code, sentence and fields, and change nothing', async () => {
      const [alice, mallory] = [await subscribed(world.alice), await connect(world.mallory)];
      const code = async (client, name, data) => (await client.ask(name, data)).error.code;
      const wrong = await alice.ask('task.create', { title: 5 });
      assert.equal(wrong.ok, false);
      assert.deepEqual(Object.keys(wrong.error.fields).sort(), ['project_id', 'title']);
      assert.equal(await code(mallory, 'subscribe', { room: `project:${project.id}` }), 'not_found');
      assert.equal(await code(mallory, 'task.create', { project_id: project.id, title: 'x' }), 'not_found');
      assert.equal(await code(alice, 'subscribe', { room: 'project:999999' }), 'not_found');
      assert.equal(await code(alice, 'subscribe', { room: 'lobby' }), 'invalid');
      assert.equal(await code(alice, 'explode'), 'invalid');
      assert.ok(!alice.names().includes('error'), 'the answer is all that is said of it');
      const task = await world.task(world.alice, project);
      const stale = { task_id: task.id, title: 'y', if_version: 77 };
      assert.equal(await code(alice, 'task.update', stale), 'version_conflict');
      assert.equal((await alice.next('task.created')).payload.task.id, task.id);
      assert.deepEqual(alice.names().filter((kind) => kind.startsWith('task')), []);
    });

    test('a command under a name of its own is done and told once, through whatever door', async () => {
      const [alice, bob] = [await subscribed(world.alice), await subscribed(world.bob)];
      const asked = { project_id: project.id, title: 'Once', mutation_id: `once over ${name}`.replaceAll(' ', '-') };
      const first = await alice.ask('task.create', asked);
      assert.equal(first.replayed, undefined);
      alice.close();
      const again = await connect(world.alice);
      const answer = { ok: true, data: first.data, cursor: first.cursor, replayed: true };
      assert.deepEqual(await again.ask('task.create', asked), answer);
      const { mutation_id: key, ...task } = asked;
      const { body } = await world.alice.rest.ask('POST', '/tasks', { body: task, headers: { 'idempotency-key': key } });
      assert.deepEqual(body, first.data);
      const other = await again.ask('task.create', { ...asked, title: 'Twice' });
      assert.deepEqual([other.ok, other.error.code], [false, 'key_reused']);
      for (const wrong of ['', 'a b', 'x'.repeat(129), 7]) {
        const { ok, error } = await again.ask('task.create', { ...asked, mutation_id: wrong });
        assert.deepEqual([ok, error.code, Object.keys(error.fields)], [false, 'invalid', ['mutation_id']]);
      }
      // Under the same name, somebody else's command is another.
      assert.equal((await bob.ask('task.create', { ...asked, title: 'Last' })).ok, true);
      const heard = [await bob.next('task.created'), await bob.next('task.created')];
      assert.deepEqual(heard.map(({ payload }) => payload.task.title), ['Once', 'Last']);
    });

    test('nothing is heard before subscribe and after unsubscribe', async () => {
      const alice = await connect(world.alice);
      const room = { room: `project:${project.id}` };
      await world.task(world.bob, project, { title: 'before' });
      assert.equal((await alice.ask('subscribe', room)).ok, true);
      await world.task(world.bob, project, { title: 'during' });
      assert.equal((await alice.next('task.created')).payload.task.title, 'during');
      assert.equal((await alice.ask('unsubscribe', room)).ok, true);
      await world.task(world.bob, project, { title: 'after' });
      assert.equal((await alice.ask('subscribe', room)).ok, true);
      await world.task(world.bob, project, { title: 'again' });
      assert.equal((await alice.next('task.created')).payload.task.title, 'again');
    });

    test('presence, typing and who', async () => {
      const alice = await subscribed(world.alice);
      const bob = await subscribed(world.bob);
      const here = await alice.next('presence');
      assert.equal(`${here.room} ${here.user.username} ${here.present}`, `project:${project.id} bob true`);
      const task = await world.task(world.alice, project);
      assert.equal((await bob.ask('typing', { task_id: task.id })).ok, true);
      const typing = await alice.next('typing');
      const { user, ...rest } = typing;
      assert.equal(user.username, 'bob');
      const shape = { task_id: task.id, project_id: project.id, typing: true, at: instant };
      assertShape(rest, shape);
      const { data } = await alice.ask('who', { project_id: project.id });
      assert.deepEqual(data.map((one) => one.user.username).sort(), ['alice', 'bob']);
      assert.equal((await alice.ask('ping')).ok, true);
    });

    test('who is there is told in order with those who come and go', async () => {
      const alice = await subscribed(world.alice);
      const bob = await connect(world.bob);
      const room = { room: `project:${project.id}` };
      let [there, answers, changes] = [new Set([world.alice.id]), 0, 0];
      const answered = ({ data }) => {
        answers += 1;
        assert.deepEqual(new Set(data.map(({ user }) => user.id)), there, `answer ${answers}`);
      };
      const changed = ({ user, present }) => {
        changes += 1;
        assert.equal(there.has(user.id), !present, `change ${changes}`);
        if (present) there.add(user.id);
        else there.delete(user.id);
      };
      const wrong = [];
      const noting = (take) => (told) => {
        try {
          take(told);
        } catch (error) {
          wrong.push(error.message);
        }
      };
      const ask = hearing(alice, noting(answered), noting(changed));
      // As much as a session may say at once.
      const rounds = 120;
      const moving = (async () => {
        for (let round = 0; round < rounds; round += 1) {
          for (const word of ['subscribe', 'unsubscribe']) assert.ok((await bob.ask(word, room)).ok);
        }
      })();
      const asking = (async () => {
        for (let round = 0; round < 2 * rounds; round += 1) await ask({ project_id: project.id });
      })();
      await Promise.all([moving, asking]);
      await ask({ project_id: project.id });
      assert.deepEqual([wrong, answers, changes], [[], 2 * rounds + 1, 2 * rounds]);
    });

    test('a mixed room: every dialect hears the same change, once, in its own words', async () => {
      const native = await subscribed(world.alice);
      const board = await world.client(world.bob);
      const task = await world.task(world.alice, project);
      assert.equal((await native.next('task.created')).payload.task.id, task.id);
      assert.equal((await board.next('task_created')).task.id, task.id);
      await board.tell('task_status_changed', { task_id: task.id, new_status: 'completed' });
      assert.equal((await native.next('task.status_changed')).payload.task.status, 'done');
      assert.equal((await board.next('task_status_changed')).new_status, 'completed');
      assert.deepEqual(native.names().filter((kind) => kind.startsWith('task')), []);
    });
  });
}

describe('native without a good token', () => {
  let world;
  before(async () => (world = await World.start([])));
  after(() => world.stop());

  test('is refused with the reason', async () => {
    for (const [token, reason] of [['', 'Not authenticated'], ['x.y.z', 'Invalid token']]) {
      assert.equal(await NativeSocket.refused({ rest: world.root.rest, token }), reason);
    }
  });
});

test('however many pings of the protocol come that cannot be answered at once, the last is', async () => {
  const world = await World.start(['alice']);
  const client = await NativeRaw.connected(world.alice);
  const { socket } = client;
  const [answered, last] = [deferred(), 100_000];
  const payload = (number) => `${number}`.padEnd(125, '.');
  let pongs = 0;
  socket.on('pong', (said) => {
    pongs += 1;
    if (`${said}` === payload(last)) answered.resolve();
  });
  client.next('(closed)').then(({ code }) => answered.reject(new Error(`closed with ${code}`)), () => {});
  socket.pause();
  for (let number = 1; number < last; number += 1) socket.ping(payload(number));
  await within(new Promise((resolve) => socket.ping(payload(last), true, resolve)), 'all pings sent');
  socket.resume();
  await within(answered.promise, 'the answer to the last ping');
  assert.ok(pongs < last, `${pongs} pongs`);
  assert.ok((await client.ask('ping')).ok);
  await world.stop();
});

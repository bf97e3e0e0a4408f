// When a connection is taken up where it was lost and when it is not, message by message.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { Caller } from '../lib/caller.js';
import { envelopeClaims } from '../lib/envelope.js';
import { Rest } from '../lib/rest.js';
import { claimsOf, mint } from '../lib/tokens.js';
import { CURSOR } from '../lib/traveller.js';
import { World } from '../lib/world.js';

/** What says that a client understands offsets. */
const ASKS = { query: '&recovery=1' };
const LIMIT = 3;

let world;
let project;
let task;
let count = 0;
const callers = [];
before(async () => {
  const env = {
    CHORUS_CONNECTIONS_PER_USER: `${LIMIT}`,
    CHORUS_RECOVERY_SECONDS: '3600',
    ACCESS_TOKEN_EXPIRE_MINUTES: '600',
  };
  world = await World.start(['alice', 'bob', 'carol'], { env });
  project = await world.project(world.alice, world.bob);
  task = await world.task(world.alice, project);
});
afterEach(() => callers.splice(0).forEach((one) => one.lose()));
after(() => world.stop());

const call = async (person, options = ASKS) => {
  const one = await Caller.connected(person, options);
  callers.push(one);
  return one;
};

/** Comes with what an earlier connection was given, in whatever namespace that was. */
const comeBack = (person, one, { offset = one.offset, pid = one.answer.pid, ...options } = {}) =>
  call(person, { namespace: one.namespace, shown: { pid, offset }, ...options });

const change = async (of = task) => {
  count += 1;
  await world.alice.rest.patch(`/tasks/${of.id}`, { title: `change ${count}` });
  return `change ${count}`;
};

/** The next change, when it is heard. */
const toHear = (one) => {
  const title = `"change ${count + 1}"`;
  return one.until((text) => text.includes(title));
};

/** Somebody in a project who has heard a change. */
const hearing = async (person, namespace = '/native', room = project) => {
  const one = await call(person, { ...ASKS, namespace });
  if (namespace === '/native') await one.say('subscribe', { room: `project:${room.id}` });
  const heard = toHear(one);
  await change();
  await heard;
  assert.match(one.offset, CURSOR);
  return one;
};

/** Hears the next change, and nothing else meanwhile but what was told already. */
const hearsOn = async (one) => {
  const heard = toHear(one);
  const title = await change();
  await heard;
  return title;
};

describe('a connection is taken up', () => {
  test('CONNECT first, then what was missed, then the welcome without an offset, then what happens', async () => {
    const one = await hearing(world.bob, '/taskmanager');
    one.lose();
    const missed = [await change(), await change()];
    const order = [];
    const again = await comeBack(world.bob, one);
    again.link.onMessage = ((hear) => (text) => {
      order.push(text);
      hear(text);
    })(again.link.onMessage);
    const next = await hearsOn(again);
    assert.deepEqual(again.answer, one.answer, 'under the same ids');
    assert.deepEqual(again.told, [...missed, next]);
    const welcome = order.find((text) => text.includes('["connected"'));
    if (welcome) assert.doesNotMatch(welcome, /"[a-z0-9]+-\d+"\]$/, 'no offset');
  });

  test('before the server knows that the old link is gone, which counts no more', async () => {
    const all = [];
    for (let n = 0; n < LIMIT; n += 1) all.push(await hearing(world.bob));
    const { offset } = all[0];
    const missed = await change();
    const again = await comeBack(world.bob, all[0], { offset });
    assert.deepEqual(again.answer, all[0].answer);
    assert.equal(await all[0].link.closed(), 1000, 'the old link ends');
    await hearsOn(again);
    assert.equal(again.told[0], missed);
  });

  test('again and again from where the client is, each link ending the one before', async () => {
    const one = await hearing(world.bob);
    const { offset } = one;
    const missed = [await change(), await change()];
    let last = one;
    for (let n = 0; n < 3; n += 1) {
      const again = await comeBack(world.bob, one, { offset });
      assert.deepEqual(again.answer, one.answer);
      await last.link.closed();
      const next = await hearsOn(again);
      assert.deepEqual(again.told, [...missed, next]);
      missed.push(next);
      last = again;
    }
  });

  test('with the rooms that it had asked for, each since then, and without those that it had left', async () => {
    const [early, late, left] = await Promise.all(['early', 'late', 'left'].map(() => world.project(world.alice, world.bob)));
    const tasks = await Promise.all([early, late, left].map((one) => world.task(world.alice, one)));
    const one = await call(world.bob);
    await one.say('subscribe', { room: `project:${early.id}` });
    await one.say('subscribe', { room: `project:${left.id}` });
    const seen = toHear(one);
    const first = await change(tasks[0]);
    await seen;
    const { offset } = one;
    const [before] = [await change(tasks[1])];
    await one.say('subscribe', { room: `project:${late.id}` });
    await one.say('unsubscribe', { room: `project:${left.id}` });
    one.lose();
    const [inEarly, inLate] = [await change(tasks[0]), await change(tasks[1])];
    await change(tasks[2]);
    const again = await comeBack(world.bob, one, { offset });
    const heard = toHear(again);
    const next = await change(tasks[1]);
    await heard;
    assert.deepEqual(again.told, [inEarly, inLate, next], `neither ${first}, nor ${before}`);
  });

  test('an app that enters projects by itself stays out of those that were left', async () => {
    const other = await world.project(world.alice, world.bob);
    const its = await world.task(world.alice, other);
    const one = await hearing(world.bob, '/taskmanager');
    await one.say('leave_project', { project_id: other.id });
    one.lose();
    const again = await comeBack(world.bob, one);
    await change(its);
    const next = await hearsOn(again);
    assert.deepEqual(again.told, [next]);
  });
});

describe('who came and went meanwhile', () => {
  test('is told behind what was missed, of each person the difference', async () => {
    const names = ['stays', 'goes', 'comes', 'flits'];
    const people = await World.start(['owner', 'bob', ...names]);
    const links = {};
    const enter = async (name) => {
      links[name] = await Caller.connected(people[name], { ...ASKS, namespace: '/native' });
      await links[name].say('subscribe', { room: `project:${shared.id}` });
    };
    const goodBye = async (name) => {
      links[name].link.sendText('41/native,');
      await links[name].link.pinged();
    };
    const shared = await people.project(people.owner, people.bob, ...names.map((name) => people[name]));
    try {
      const bob = await Caller.connected(people.bob, { ...ASKS, namespace: '/taskmanager' });
      for (const name of ['stays', 'goes']) {
        const came = bob.next('user_connected');
        await enter(name);
        await came;
      }
      const { offset } = bob;
      bob.lose();
      await goodBye('goes');
      await enter('comes');
      await enter('flits');
      await goodBye('flits');
      const again = await Caller.connected(people.bob, {
        ...ASKS, namespace: '/taskmanager', shown: { pid: bob.answer.pid, offset },
      });
      const [[gone], [come]] = [await again.next('user_disconnected'), await again.next('user_connected')];
      assert.deepEqual([gone.user_id, come.user_id], [people.goes.id, people.comes.id]);
      const next = again.next('user_connected');
      await enter('flits');
      assert.equal((await next)[0].user_id, people.flits.id, 'and nobody else between');
      again.lose();
    } finally {
      Object.values(links).forEach((one) => one.lose());
      await people.stop();
    }
  });

  test('where lists are told, the whole list', async () => {
    const one = await call(world.bob, { ...ASKS, namespace: '/flux' });
    const joined = one.next('presence:update');
    one.link.sendText(`42/flux,["join:project",{"projectId":"${project.id}"}]`);
    await joined;
    one.lose();
    await change();
    const again = await comeBack(world.bob, one);
    const [list] = await again.next('presence:update');
    assert.deepEqual(list.users.map(({ id }) => id), [`${world.bob.id}`]);
  });
});

describe('what may not be seen any more', () => {
  test('is not told of the time after a removal, nor before it, and the client hears that it is out', async () => {
    const other = await world.project(world.alice, world.carol);
    const its = await world.task(world.alice, other);
    const one = await call(world.carol, { ...ASKS, namespace: '/native' });
    await one.say('subscribe', { room: `project:${other.id}` });
    const heard = toHear(one);
    await change(its);
    await heard;
    one.lose();
    await change(its);
    await world.alice.rest.delete(`/projects/${other.id}/members/${world.carol.id}`);
    await change(its);
    await world.alice.rest.post(`/projects/${project.id}/members`, { user_id: world.carol.id });
    const again = await comeBack(world.carol, one);
    assert.deepEqual(again.answer, one.answer);
    await again.say('subscribe', { room: `project:${project.id}` });
    const next = await hearsOn(again);
    assert.deepEqual(again.told, [next]);
    await world.alice.rest.delete(`/projects/${project.id}/members/${world.carol.id}`);
  });

  test('nor is a room entered again that its client was put out of, until it asks', async () => {
    const other = await world.project(world.alice, world.carol);
    const its = await world.task(world.alice, other);
    const one = await call(world.carol, { ...ASKS, namespace: '/native' });
    await one.say('subscribe', { room: `project:${other.id}` });
    const heard = toHear(one);
    await change(its);
    await heard;
    one.lose();
    await world.alice.rest.delete(`/projects/${other.id}/members/${world.carol.id}`);
    await world.alice.rest.post(`/projects/${other.id}/members`, { user_id: world.carol.id });
    const again = await comeBack(world.carol, one);
    const [out] = await again.next('unsubscribed');
    assert.equal(out.room, `project:${other.id}`);
    await change(its);
    await again.say('subscribe', { room: `project:${other.id}` });
    const live = toHear(again);
    const next = await change(its);
    await live;
    assert.deepEqual(again.told, [next]);
  });

  test('comes from the times of membership alone', async () => {
    const other = await world.project(world.alice, world.carol);
    const its = await world.task(world.alice, other);
    const one = await call(world.carol, { ...ASKS, namespace: '/taskmanager' });
    const heard = toHear(one);
    await change(its);
    await heard;
    one.lose();
    const member = await change(its);
    await world.alice.rest.delete(`/projects/${other.id}/members/${world.carol.id}`);
    await change(its);
    await world.alice.rest.post(`/projects/${other.id}/members`, { user_id: world.carol.id });
    const again = [await change(its)];
    const back = await comeBack(world.carol, one);
    const live = toHear(back);
    again.push(await change(its));
    await live;
    assert.deepEqual(back.told, [member, ...again]);
  });
});

describe('a connection begins anew', () => {
  const anew = async (person, one, options) => {
    const again = await comeBack(person, one, options);
    assert.notEqual(again.answer.pid, one.answer.pid);
    assert.notEqual(again.answer.sid, one.answer.sid);
    return again;
  };

  test('when what is shown is nothing that it can go on from', async () => {
    const one = await hearing(world.bob);
    const [epoch, id] = one.offset.split('-');
    const wrong = ['', 'nonsense', `other0-${id}`, `${epoch}-${Number(id) + 1_000}`, null, 7, {}, 'x'.repeat(10_000)];
    for (const offset of wrong) {
      const again = await anew(world.bob, await hearing(world.bob), { offset });
      again.lose();
    }
    for (const pid of ['', 'nonsense', 7, null, 'x'.repeat(10_000)]) {
      const again = await comeBack(world.bob, one, { pid });
      assert.notEqual(again.answer.pid, one.answer.pid);
      again.lose();
    }
  });

  test('for somebody else, or elsewhere', async () => {
    const one = await hearing(world.bob);
    await anew(world.alice, one);
    const moved = await comeBack(world.bob, { ...one, namespace: '/flux' });
    assert.notEqual(moved.answer.pid, one.answer.pid);
  });

  test('after it has said good-bye', async () => {
    const one = await hearing(world.bob);
    one.link.sendText('41/native,');
    await one.link.pinged();
    await anew(world.bob, one);
  });

  test('after it was put out', async () => {
    const one = await hearing(world.alice);
    const out = one.until((text) => text === '41/native,');
    await world.alice.rest.ask('POST', '/auth/logout-all');
    await out;
    await world.renew(world.alice);
    await anew(world.alice, one);
  });

  test('when its time is over', async () => {
    const short = await World.start(['dora'], { env: { CHORUS_RECOVERY_SECONDS: '1' } });
    try {
      const one = await Caller.connected(short.dora, ASKS);
      const { offset } = one;
      assert.match(offset, CURSOR, 'of the welcome');
      one.lose();
      // The clock is what is tested.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      const again = await Caller.connected(short.dora, { ...ASKS, shown: { pid: one.answer.pid, offset } });
      assert.notEqual(again.answer.pid, one.answer.pid);
      again.lose();
    } finally {
      await short.stop();
    }
  });
});

describe('who is told offsets', () => {
  const DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
  const cases = [
    ['ws in Node', { headers: DEFLATE }, true],
    ['a browser', { headers: { ...DEFLATE, 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64)' } }, true],
    ['Dart', { headers: { ...DEFLATE, 'User-Agent': 'Dart/3.5 (dart:io)' } }, false],
    ['websocket-client in Python', {}, false],
    ['aiohttp in Python', { headers: { 'User-Agent': 'Python/3.13 aiohttp/3.9' } }, false],
    ['who asks in the query', { query: '&recovery=1' }, true],
    ['who asks in auth', { shown: { recovery: 1 } }, true],
    ['who declines', { headers: DEFLATE, query: '&recovery=0' }, false],
    ['who shows a pid', { shown: { pid: 'p' } }, true],
  ];
  for (const [who, options, offered] of cases) {
    test(`${who}: ${offered ? 'yes' : 'no'}`, async () => {
      const one = await call(world.bob, options);
      assert.deepEqual(Object.keys(one.answer), offered ? ['sid', 'pid'] : ['sid']);
      await one.say('subscribe', { room: `project:${project.id}` });
      const told = one.next('task.updated');
      await change();
      const args = await told;
      assert.equal(args.length, offered ? 2 : 1);
      if (offered) assert.match(args[1], CURSOR);
    });
  }

  test('what has no place, and ends in a string, is followed by null', async () => {
    const [knows, plain] = [await call(world.bob, { ...ASKS, namespace: '/flux' }), await call(world.bob, { namespace: '/flux' })];
    for (const one of [knows, plain]) {
      const joined = one.next('presence:update');
      one.link.sendText(`42/flux,["join:project",{"projectId":"${project.id}"}]`);
      const args = await joined;
      assert.equal(args.length, one === knows ? 2 : 1, 'the first list has the offset');
    }
    const service = new Rest(world.server.url, mint(claimsOf('alice', envelopeClaims({ type: 'service' }))));
    const emit = (data, durable) => service.ask('POST', '/events', { body: { room: `project:${project.id}`, event: 'word', data, durable } });
    for (const [data, durable, expected] of [
      ['a text', false, ['a text', null]],
      [{ a: 'text' }, false, [{ a: 'text' }]],
      ['a text', true, ['a text', CURSOR]],
    ]) {
      const heard = [knows.next('word'), plain.next('word')];
      await emit(data, durable);
      const [args, few] = await Promise.all(heard);
      assert.deepEqual(few, [data]);
      if (expected[1] === CURSOR) assert.match(args.pop(), CURSOR);
      assert.deepEqual(args, expected.filter((one) => one !== CURSOR));
    }
  });
});

// The ProdSight app's contract: getting in, being refused, and what is said over the socket.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { deferred, within } from '../lib/deadline.js';
import { Prodsight, seconds } from '../lib/prodsight.js';
import { RawSocket } from '../lib/raw.js';
import { Rest } from '../lib/rest.js';
import { assertShape } from '../lib/shapes.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { claimsOf, mint, nowSeconds } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const WELCOME = (person) => ({
  status: 'connected',
  user_id: String(person.id),
  message: 'Successfully connected to ProdSight WebSocket',
});
const REFUSED = ['41', '44{"message":"Connection rejected by server"}'];

describe('prodsight: connection', () => {
  let world;
  let url;
  before(async () => {
    world = await World.start(['alice', 'bob'], { listen: ['prodsight'] });
    url = world.server.urls.prodsight;
  });
  afterEach(() => world.closeClients());
  after(() => world.stop());

  const auth = (token) => `40${JSON.stringify({ token })}`;
  const connecting = (options) => new Prodsight(world.at('prodsight', world.bob), options);

  /** All that a client with these options hears is a disconnect. */
  const assertRefused = async (options) => {
    const client = connecting({ ...TRANSPORTS[0].options, ...options });
    assert.equal((await client.nextArgs('(disconnect)'))[0], 'io server disconnect');
    assert.equal(client.socket.active, false, 'it does not try again by itself');
    assert.deepEqual(client.heard.map((event) => event.name), ['(disconnect)']);
    client.close();
  };

  for (const transport of TRANSPORTS) {
    test(`the welcome, on ${transport.name}`, async () => {
      const client = await world.prodsight(world.alice, transport);
      assert.equal(client.engine.transport.name, transport.ends);
      const [first, second] = client.heard.map((event) => event.name);
      assert.deepEqual([first, second], ['(connect)', 'connection_status'], 'CONNECT is answered first');
      assert.deepEqual(client.welcome, WELCOME(world.alice));
    });

    test(`a refused token, on ${transport.name}`, () =>
      assertRefused({ ...transport.options, auth: { token: 'nonsense' } }));
  }

  test('the app\'s own order of transports ends on a websocket', async () => {
    const client = connecting();
    await client.next('connection_status');
    assert.equal(client.engine.transport.name, 'websocket');
    client.close();
  });

  test('the frames of a refusal on the wire: 41, then 44, and nothing else', async () => {
    const raw = await RawSocket.open(url, '');
    assert.match(await raw.next(), /^0\{/);
    for (const connect of ['40', '40{}', auth('nonsense')]) {
      raw.sendText(connect);
      assert.deepEqual([await raw.next(), await raw.next()], REFUSED, connect);
    }
    // Between the refusal and this there is nothing; and a good token is taken after it.
    raw.sendText(auth(world.bob.token));
    assert.match(await raw.next(), /^40\{"sid":"[^"]+"\}$/);
    assert.match(await raw.next(), /^42\["connection_status",\{/);
    raw.destroy();
  });

  test('the same over long-polling, in one answer', async () => {
    const nobody = new Rest(url);
    const poll = (method, more = '', options = {}) =>
      nobody.ask(method, `/socket.io/?EIO=4&transport=polling${more}`, { root: true, ...options });
    const opened = await poll('GET');
    const sid = `&sid=${JSON.parse(opened.body.slice(1)).sid}`;
    await poll('POST', sid, { raw: '40', headers: { 'content-type': 'text/plain' } });
    assert.deepEqual((await poll('GET', sid)).body.split('\x1e'), REFUSED);
  });

  test('in the namespace /prodsight of another app\'s listener', async () => {
    const raw = await RawSocket.open(world.server.url, '');
    await raw.next();
    raw.sendText('40/prodsight,');
    const refused = [await raw.next(), await raw.next()];
    assert.deepEqual(refused, ['41/prodsight,', '44/prodsight,{"message":"Connection rejected by server"}']);
    raw.sendText(`40/prodsight,{"token":"${world.bob.token}"}`);
    await raw.nextThat((message) => message.startsWith('40/prodsight,{"sid"'));
    assert.match(await raw.next(), /^42\/prodsight,\["connection_status",/);
    const task = await world.task(world.bob, world.bob.home, { assignee_id: world.bob.id });
    const told = await raw.nextThat((message) => message.startsWith('42/prodsight,["task_update"'));
    assert.equal(JSON.parse(told.slice(told.indexOf('[')))[1].task.id, String(task.id));
    raw.destroy();
  });

  describe('tokens that let in', () => {
    const good = (name, options) =>
      test(name, async () => {
        const client = connecting({ ...TRANSPORTS[0].options, ...options() });
        assert.deepEqual(await client.next('connection_status'), WELCOME(world.bob));
        client.close();
      });
    const shown = (token) => () => ({ auth: { token: token() } });

    good('one from the login', shown(() => world.bob.token));
    good('with `Bearer` before it', shown(() => `Bearer ${world.bob.token}`));
    good('sub as a string', shown(() => mint(claimsOf(String(world.bob.id)))));
    good('sub as a number', shown(() => mint(claimsOf(world.bob.id))));
    good('in the query alone', () => ({ auth: {}, query: { token: world.bob.token } }));
    good('in the query with `Bearer`', () => ({ auth: {}, query: { token: `Bearer ${world.bob.token}` } }));
    good('in the query where auth has none', () => ({ auth: { token: null }, query: { token: world.bob.token } }));
    good('in auth, whatever the query says', () => ({
      auth: { token: world.bob.token },
      query: { token: world.alice.token },
    }));
  });

  describe('tokens that are refused', () => {
    const bad = (name, options) => test(name, () => assertRefused(options()));
    const minted = (claims, how) => () => ({ auth: { token: mint(claims(), how) } });
    const bob = (more) => () => claimsOf(String(world.bob.id), more);

    bad('none', () => ({ auth: {} }));
    for (const nothing of [null, '', 'Bearer ', 7, {}, ['x']]) {
      bad(`what is none: ${JSON.stringify(nothing)}`, () => ({ auth: { token: nothing } }));
    }
    bad('a bad one in auth, though the query has a good one', () => ({
      auth: { token: 'nonsense' },
      query: { token: world.bob.token },
    }));
    bad('a refresh token', () => ({ auth: { token: world.bob.refreshToken } }));
    bad('one whose time is over', minted(bob({ exp: nowSeconds() - 1 })));
    bad('one that never ends', minted(bob({ exp: undefined })));
    bad('one that is not valid yet', minted(bob({ nbf: nowSeconds() + 600 })));
    bad('one signed with another secret', minted(bob(), { secret: 'jwt-secret-string' }));
    bad('one signed with another algorithm', minted(bob(), { alg: 'HS512' }));
    bad('one that is not signed', minted(bob(), { alg: 'none' }));
    bad('one for a user who does not exist', minted(() => claimsOf('999999')));
    bad('one whose user is a name', minted(() => claimsOf('bob')));
    bad('the cookie of a login', () => ({
      auth: {},
      extraHeaders: { cookie: `access_token=${world.bob.token}` },
    }));
  });

  test('the 65th connection of one user is refused like any other, the others stay', async () => {
    const connected = async () => {
      const raw = await RawSocket.open(url, '');
      raw.sendText(auth(world.alice.token));
      await raw.nextThat((message) => message.startsWith('42["connection_status"'));
      return raw;
    };
    const open = await Promise.all(Array.from({ length: 64 }, connected));
    await assertRefused({ auth: { token: world.alice.token } });
    open[0].sendText('42["ping"]');
    assert.match(await open[0].next(), /^42\["pong",\{/);
    open.forEach((raw) => raw.destroy());
  });

  test('when the token of a live connection expires, it hears 41 alone', async () => {
    const raw = await RawSocket.open(url, '');
    await raw.next();
    raw.sendText(auth(mint(claimsOf(String(world.bob.id), { exp: nowSeconds() + 2 }))));
    assert.match(await raw.next(), /^40/);
    assert.match(await raw.next(), /^42\["connection_status"/);
    assert.equal(await raw.next(), '41');
    raw.sendText(auth(world.bob.token));
    assert.match(await raw.next(), /^40/, 'the session is open, and takes a good token');
    raw.destroy();
    const client = connecting({
      ...TRANSPORTS[0].options,
      auth: { token: mint(claimsOf(String(world.bob.id), { exp: nowSeconds() + 2 })) },
    });
    assert.equal((await client.nextArgs('(disconnect)'))[0], 'io server disconnect');
    const names = client.heard.map((event) => event.name);
    assert.deepEqual(names, ['(connect)', 'connection_status', '(disconnect)']);
  });

  test('what is said too fast is not read, and nothing is said about it', async () => {
    const raw = await RawSocket.open(url, '');
    raw.sendText(auth(world.bob.token));
    await raw.nextThat((message) => message.startsWith('42["connection_status"'));
    const heard = [];
    raw.onMessage = (message) => heard.push(message);
    const said = 1_000;
    for (let count = 0; count < said; count += 1) raw.sendText('42["ping"]');
    await raw.pinged();
    assert.ok(heard.length > 0 && heard.length < said, `${heard.length} of ${said} were answered`);
    assert.deepEqual(heard.filter((message) => !message.startsWith('42["pong",{"timestamp":')), []);
    raw.destroy();
  });

  test('a client whose transport was lost finds back, and hears what it heard before', async () => {
    const client = connecting({ ...TRANSPORTS[0].options, reconnection: true });
    await client.next('connection_status');
    const lost = deferred();
    client.socket.once('disconnect', lost.resolve);
    client.lose();
    assert.equal(await within(lost.promise, 'the loss'), 'transport close');
    assert.deepEqual(await client.next('connection_status'), WELCOME(world.bob));
    const task = await world.task(world.bob, world.bob.home, { assignee_id: world.bob.id });
    assert.equal((await client.next('task_update')).task.id, String(task.id));
    client.close();
  });

  for (const transport of TRANSPORTS) {
    describe(`what is said, on ${transport.name}`, () => {
      let client;
      before(async () => (client = await Prodsight.connected(world.at('prodsight', world.alice), transport)));
      after(() => client.close());

      test('ping: pong, with and without an argument', async () => {
        for (const args of [[], [null], [{}], [1, 2]]) {
          await client.tell('ping', ...args);
          assertShape(await client.next('pong'), { timestamp: seconds });
        }
        await client.quiet();
      });

      test('a project\'s room is entered and left, its id repeated as it was written', async () => {
        const { id } = world.alice.home;
        for (const written of [id, String(id), `00${id}`]) {
          assert.deepEqual(await client.enter(written), { room: `project_${written}` });
          assert.deepEqual(await client.leave(written), { room: `project_${written}` });
        }
        for (const never of [id, 999_999, 'p1', 'é"\\ ']) {
          assert.deepEqual(await client.leave(never), { room: `project_${never}` }, 'also what was not entered');
        }
        await client.quiet();
      });

      test('arguments that say nothing are passed over and change nothing', async () => {
        const ids = [null, false, true, 0, '', [], [1], {}, { id: 1 }, 'x'.repeat(65), 'x'.repeat(100_000)];
        const odd = [[], [null], ['text'], [7], [true], [[]], [[{ project_id: world.alice.home.id }]], [{}]];
        odd.push(...ids.map((id) => [{ project_id: id }]));
        for (const name of ['join_project_room', 'leave_project_room']) {
          for (const args of odd) await client.tell(name, ...args);
        }
        const none = ['p1', '-1', -1, 1.5, 1e300, 2 ** 63, '9223372036854775808', '9'.repeat(40), '1 ', '１'];
        for (const id of [...none, 999_999]) await client.tell('join_project_room', { project_id: id });
        await client.quiet();
      });

      test('words that the app does not have are not even acknowledged', async () => {
        const answered = [];
        for (const name of ['task_update', 'task_updated', 'join_project', 'message', 'budget_update']) {
          client.socket.emit(name, { task_id: 1 }, () => answered.push(name));
        }
        await client.quiet();
        assert.deepEqual(answered, []);
      });
    });
  }
});

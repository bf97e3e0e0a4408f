// The Task Manager app's contract, section 1: getting in, and being refused.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { deferred, within } from '../lib/deadline.js';
import { RawSocket } from '../lib/raw.js';
import { assertShape, naive } from '../lib/shapes.js';
import { Client, TRANSPORTS } from '../lib/sockets.js';
import { claimsOf, mint, nowSeconds } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const REJECTED = 'Connection rejected by server';

describe('taskmanager, section 1: connection', () => {
  let world;
  before(async () => (world = await World.start(['alice', 'bob'])));
  afterEach(() => world.closeClients());
  after(() => world.stop());

  for (const transport of TRANSPORTS) {
    test(`the welcome, on ${transport.name}`, async () => {
      const [client] = await world.clients(transport, world.alice);
      assert.equal(client.engine.transport.name, transport.ends);
      const [first, second] = client.heard.map((event) => event.name);
      assert.deepEqual([first, second], ['(connect)', 'connected'], 'CONNECT is answered first');
      assertShape(client.welcome, {
        message: 'Successfully connected to real-time updates',
        user_id: world.alice.id,
        timestamp: naive,
      });
    });

    test(`a refused token, on ${transport.name}`, async () => {
      const options = { ...transport.options, query: { token: 'nonsense' } };
      assert.equal(await Client.refusal(world.alice, options), REJECTED);
    });
  }

  test('the app\'s own order of transports ends on a websocket', async () => {
    const client = new Client(world.alice);
    await client.next('connected');
    assert.equal(client.engine.transport.name, 'websocket');
    client.close();
  });

  test('the frames on the wire: the handshake, CONNECT, the welcome', async () => {
    const raw = await RawSocket.open(world.server.url, world.alice.token);
    const handshake = await raw.next();
    assert.equal(handshake[0], '0');
    assertShape(JSON.parse(handshake.slice(1)), {
      sid: (sid) => typeof sid === 'string' && sid.length >= 16,
      upgrades: [],
      pingInterval: 25_000,
      pingTimeout: 20_000,
      maxPayload: 1_000_000,
    });
    raw.sendText('40');
    assert.match(await raw.next(), /^40\{"sid":"[^"]+"\}$/);
    assert.match(await raw.next(), /^42\["connected",\{/);
    raw.destroy();
  });

  describe('tokens that let in', () => {
    const good = (name, token) =>
      test(name, async () => {
        const client = new Client(world.bob, { query: { token: token() }, transports: ['websocket'] });
        const { user_id: user } = await client.next('connected');
        assert.equal(user, world.bob.id);
        client.close();
      });

    good('one from the login', () => world.bob.token);
    good('the same wrapped in quotes, as the app\'s storage writes it', () => `"${world.bob.token}"`);
    good('sub as an integer', () => mint(claimsOf(world.bob.id)));
    good('sub as a string', () => mint(claimsOf(String(world.bob.id))));
    good('no type at all', () => mint(claimsOf(world.bob.id, { type: undefined })));
  });

  describe('tokens that are refused', () => {
    const bad = (name, query) =>
      test(name, async () => {
        assert.equal(await Client.refusal(world.bob, { query: query() }), REJECTED);
      });

    bad('none', () => ({}));
    for (const nothing of ['null', 'undefined', '', '""', '"null"']) {
      bad(`what pages send for nothing: ${nothing || 'an empty text'}`, () => ({ token: nothing }));
    }
    const minted = (claims, how) => () => ({ token: mint(claims(), how) });
    const bob = (more) => () => claimsOf(world.bob.id, more);
    bad('a refresh token', () => ({ token: world.bob.refreshToken }));
    bad('one whose time is over', minted(bob({ exp: nowSeconds() - 1 })));
    bad('one that never ends', minted(bob({ exp: undefined })));
    bad('one that is not valid yet', minted(bob({ nbf: nowSeconds() + 600 })));
    bad('one signed with another secret', minted(bob(), { secret: 'guessed' }));
    bad('one signed with another algorithm', minted(bob(), { alg: 'HS512' }));
    bad('one that is not signed', minted(bob(), { alg: 'none' }));
    bad('one of another issuer', minted(bob({ iss: 'somebody_else' })));
    bad('one for another audience', minted(bob({ aud: 'somebody_else' })));
    bad('one for a user who does not exist', minted(() => claimsOf(999_999)));
    bad('one whose user is no id', minted(() => claimsOf({ id: world.bob.id })));
    bad('one whose claims were changed', () => {
      const [head, , signature] = world.bob.token.split('.');
      const claims = Buffer.from(JSON.stringify(claimsOf(world.alice.id))).toString('base64url');
      return { token: `${head}.${claims}.${signature}` };
    });
  });

  describe('the cookie of a login, where no token is shown', () => {
    const withCookie = (headers = {}) => ({
      query: {},
      transports: ['websocket'],
      extraHeaders: { cookie: `access_token=${world.bob.token}`, ...headers },
    });

    test('lets in', async () => {
      const client = new Client(world.bob, withCookie());
      assert.equal((await client.next('connected')).user_id, world.bob.id);
      client.close();
    });

    test('counts for pages of this server, and of no other', async () => {
      const client = new Client(world.bob, withCookie({ origin: world.server.url }));
      await client.next('connected');
      client.close();
      const elsewhere = withCookie({ origin: 'https://elsewhere.example' });
      assert.equal(await Client.refusal(world.bob, elsewhere), REJECTED);
    });
  });

  test('the same dialect at /api/socket.io/ and in the namespace /taskmanager', async () => {
    const moved = new Client(world.bob, { path: '/api/socket.io/' });
    assert.equal((await moved.next('connected')).user_id, world.bob.id);
    moved.close();
    const raw = await RawSocket.open(world.server.url, world.bob.token);
    raw.sendText('40/taskmanager,');
    await raw.nextThat((message) => message.startsWith('40/taskmanager,{"sid"'));
    assert.match(await raw.next(), /^42\/taskmanager,\["connected",/);
    const task = await world.task(world.bob, world.bob.home);
    const told = await raw.nextThat((message) => message.startsWith('42/taskmanager,["task_created"'));
    assert.equal(JSON.parse(told.slice(told.indexOf('[')))[1].task.id, task.id);
    raw.destroy();
  });

  test('a refused client is let in once it shows a good token', async () => {
    const client = new Client(world.bob, { query: { token: 'null' }, transports: ['websocket'] });
    assert.equal((await client.next('(connect_error)')).message, REJECTED);
    client.socket.io.opts.query = { token: world.bob.token };
    client.socket.disconnect();
    client.socket.connect();
    assert.equal((await client.next('connected')).user_id, world.bob.id);
    client.close();
  });

  test('when the token of a live connection expires, it is told and put out', async () => {
    const token = mint(claimsOf(world.bob.id, { exp: nowSeconds() + 3 }));
    const client = new Client(world.bob, { query: { token }, transports: ['websocket'] });
    await client.next('connected');
    assert.deepEqual(await client.next('error'), { message: 'Authentication required' });
    const [reason] = await client.nextArgs('(disconnect)');
    assert.equal(reason, 'io server disconnect');
  });

  test('the 65th connection of one user is refused, the others stay', async () => {
    const open = await Promise.all(Array.from({ length: 64 }, () => RawSocket.connected(world.alice)));
    assert.equal(await Client.refusal(world.alice, {}), 'Too many connections');
    open[0].sendText('42["ping"]');
    await open[0].nextThat((message) => message.startsWith('42["pong"'));
    open[1].sendText('41');
    open[1].sendText('1');
    await open[1].closed();
    const client = await world.client(world.alice);
    assert.equal(client.welcome.user_id, world.alice.id, 'a seat that was left is free');
    open.forEach((raw) => raw.destroy());
  });

  test('the default reconnection of the stock client finds back after its transport was lost', async () => {
    const client = new Client(world.bob, { transports: ['websocket'], reconnection: true });
    await client.next('connected');
    const lost = deferred();
    client.socket.once('disconnect', lost.resolve);
    client.lose();
    assert.equal(await within(lost.promise, 'the loss'), 'transport close');
    assert.equal((await client.next('connected')).user_id, world.bob.id);
    client.close();
  });
});

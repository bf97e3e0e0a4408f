// The SkyBuild Pro app's contract: getting in, being refused, and being put out.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { RawSocket } from '../lib/raw.js';
import { Skybuild } from '../lib/skybuild.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { claimsOf, mint, nowSeconds } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const FAILED = 'Authentication failed';
const REQUIRED = 'Authentication required';

describe('skybuild: connection', () => {
  let world;
  before(async () => (world = await World.start(['alice', 'bob'], { dialect: 'skybuild' })));
  afterEach(() => world.closeClients());
  after(() => world.stop());

  const welcome = (person) => ({
    user_id: String(person.id),
    message: 'Successfully connected to real-time server',
  });
  /** A socket of bob's without a token of its own. */
  const bare = (options) => ({ query: {}, auth: undefined, path: '/socket.io', ...options });

  for (const transport of TRANSPORTS) {
    test('the status page counts connections and projects with somebody in them', async () => {
    const status = async () => (await fetch(`${world.server.url}/ws/status`)).json();
    const project = await world.project(world.alice);
    const client = await world.skybuild(world.alice);
    await client.enter(project);
    const told = { enabled: true, redis_enabled: false, endpoint: '/socket.io' };
    // The figures are those of the announcing task's last round.
    for (let active = 0; active < 1; ) {
      const { active_connections: connections, active_project_rooms: rooms, ...rest } = await status();
      assert.deepEqual(rest, told);
      active = Math.min(connections, rooms);
    }
    client.close();
  });

  test(`the welcome, on ${transport.name}`, async () => {
      const client = await world.skybuild(world.alice, transport);
      assert.equal(client.engine.transport.name, transport.ends);
      const [first, second] = client.heard.map((event) => event.name);
      assert.deepEqual([first, second], ['(connect)', 'connected'], 'CONNECT is answered first');
      assert.deepEqual(client.welcome, welcome(world.alice));
      await client.quiet();
    });

    test(`the two refusals, on ${transport.name}`, async () => {
      assert.equal(await Skybuild.refusal(world.alice, bare(transport.options)), REQUIRED);
      const wrong = bare({ ...transport.options, auth: { token: 'nonsense' } });
      assert.equal(await Skybuild.refusal(world.alice, wrong), FAILED);
    });
  }

  test('the frames on the wire: the handshake, CONNECT, the welcome', async () => {
    const raw = await RawSocket.open(world.server.url, '');
    const handshake = JSON.parse((await raw.next()).slice(1));
    const { pingInterval, pingTimeout, maxPayload } = handshake;
    assert.deepEqual([pingInterval, pingTimeout, maxPayload], [25_000, 20_000, 1_000_000]);
    raw.sendText(`40${JSON.stringify({ token: world.bob.token })}`);
    assert.match(await raw.next(), /^40\{"sid":"[^"]+"\}$/);
    const [name, told, ...more] = JSON.parse((await raw.next()).slice(2));
    assert.deepEqual([name, told, more], ['connected', welcome(world.bob), []]);
    raw.destroy();
  });

  test('a refusal on the wire, after which the same session may try again', async () => {
    const raw = await RawSocket.open(world.server.url, world.bob.token);
    await raw.next();
    raw.sendText('40');
    assert.equal(await raw.next(), `44{"message":"${REQUIRED}"}`, 'the query does not count');
    raw.sendText('40{"token":"nonsense"}');
    assert.equal(await raw.next(), `44{"message":"${FAILED}"}`);
    raw.sendText(`40${JSON.stringify({ token: world.bob.token })}`);
    assert.match(await raw.next(), /^40\{"sid"/);
    raw.destroy();
  });

  test('the same dialect in the namespace /skybuild', async () => {
    const client = new Skybuild(world.bob, { url: `${world.server.url}/skybuild` });
    await client.next('(connect)');
    assert.deepEqual(await client.next('connected'), welcome(world.bob));
    const project = await world.project(world.bob);
    const task = await world.task(world.bob, project);
    await client.enter(project);
    await world.bob.rest.patch(`/tasks/${task.id}`, { title: 'New' });
    assert.equal((await client.next('task:updated')).task_id, task.id);
    client.close();
  });

  describe('tokens that let in', () => {
    const good = (name, token) =>
      test(name, async () => {
        const client = new Skybuild(world.bob, { auth: { token: token() } });
        assert.equal((await client.next('connected')).user_id, String(world.bob.id));
        client.close();
      });
    good('one from the login', () => world.bob.token);
    const own = (sub) => () => mint({ sub, role: 'user', exp: nowSeconds() + 60 });
    good('as the app makes them, with sub as a string', () => own(String(world.bob.id))());
    good('with sub as an integer', () => own(world.bob.id)());
  });

  describe('what is no token at all', () => {
    const nothing = (name, auth) =>
      test(name, async () => assert.equal(await Skybuild.refusal(world.bob, bare({ auth })), REQUIRED));
    nothing('no payload', undefined);
    nothing('an empty one', {});
    for (const token of ['', null, 0, false, [], {}]) {
      nothing(`the token ${JSON.stringify(token)}`, { token });
    }
    test('one in the query, a header or a cookie', async () => {
      const { token } = world.bob;
      const headers = { authorization: `Bearer ${token}`, cookie: `access_token=${token}` };
      const elsewhere = bare({ query: { token }, extraHeaders: headers });
      assert.equal(await Skybuild.refusal(world.bob, elsewhere), REQUIRED);
    });
  });

  describe('tokens that fail', () => {
    const bad = (name, token) =>
      test(name, async () => {
        assert.equal(await Skybuild.refusal(world.bob, bare({ auth: { token: token() } })), FAILED);
      });
    const minted = (claims, how) => () => mint(claims(), how);
    const bob = (more) => () => claimsOf(world.bob.id, more);
    for (const odd of [7, true, ['x'], { token: 'x' }, 'null', 'x'.repeat(100_000)]) {
      bad(`a token that is ${JSON.stringify(odd).slice(0, 20)}`, () => odd);
    }
    bad('a refresh token', () => world.bob.refreshToken);
    bad('one in quotes', () => `"${world.bob.token}"`);
    bad('one whose time is over', minted(bob({ exp: nowSeconds() - 1 })));
    bad('one that never ends', minted(bob({ exp: undefined })));
    bad('one that is not valid yet', minted(bob({ nbf: nowSeconds() + 600 })));
    bad('one signed with another secret', minted(bob(), { secret: 'guessed' }));
    bad('one signed with another algorithm', minted(bob(), { alg: 'HS512' }));
    bad('one that is not signed', minted(bob(), { alg: 'none' }));
    bad('one of another issuer', minted(bob({ iss: 'somebody_else' })));
    bad('one for another audience', minted(bob({ aud: 'somebody_else' })));
    bad('one for a user who does not exist', minted(() => claimsOf('999999')));
    bad('one without a user', minted(bob({ sub: undefined })));
    bad('one whose user is a name', minted(() => claimsOf('bob')));
  });

  test('a refused client does not come back by itself, and is let in with a good token', async () => {
    const client = new Skybuild(world.bob, {
      auth: { token: 'nonsense' },
      transports: ['websocket'],
      reconnection: true,
    });
    assert.equal((await client.next('(connect_error)')).message, FAILED);
    assert.equal(client.socket.active, false);
    client.socket.auth = { token: world.bob.token };
    client.socket.connect();
    assert.equal((await client.next('connected')).user_id, String(world.bob.id));
    client.close();
  });

  test('when the token of a live connection expires, it is told and put out', async () => {
    const token = mint(claimsOf(world.bob.id, { exp: nowSeconds() + 3 }));
    const client = new Skybuild(world.bob, { auth: { token }, transports: ['websocket'] });
    await client.next('connected');
    assert.deepEqual(await client.next('error'), { message: 'Not authenticated' });
    const [reason] = await client.nextArgs('(disconnect)');
    assert.equal(reason, 'io server disconnect');
    // As the app does then: it comes back with the token that it has, and learns why not.
    client.socket.connect();
    assert.equal((await client.next('(connect_error)')).message, FAILED);
    client.close();
  });

  test('the 65th connection of one user is refused', async () => {
    const connect = async () => {
      const raw = await RawSocket.open(world.server.url, '');
      raw.sendText(`40${JSON.stringify({ token: world.alice.token })}`);
      await raw.nextThat((message) => message.startsWith('42["connected"'));
      return raw;
    };
    const open = await Promise.all(Array.from({ length: 64 }, connect));
    const auth = { token: world.alice.token };
    assert.equal(await Skybuild.refusal(world.alice, bare({ auth })), 'Too many connections');
    open.forEach((raw) => raw.destroy());
  });
});

// The Project Manager app's contract: getting in, being refused, the limits of a raw socket, and
// the app's own test client step by step.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { Envelope, envelopeClaims, inRoom, joined, left, offset, refusal, toOne, who } from '../lib/envelope.js';
import { Rest } from '../lib/rest.js';
import { Server } from '../lib/server.js';
import { assertShape } from '../lib/shapes.js';
import { claimsOf, mint, nowSeconds } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const MIB = 1 << 20;

describe('envelope: connection', () => {
  let world;
  before(async () => (world = await World.start(['alice', 'bob'])));
  afterEach(() => world.closeClients());
  after(() => world.stop());

  const assertRefused = async (query, code, reason, headers) => {
    const refused = await refusal(world.server.url, query, headers);
    assert.equal(refused.status, 403);
    assert.equal(refused.headers['content-type'], 'application/json');
    assert.deepEqual(refused.body, { code, reason });
  };

  test('the welcome comes first, and alone', async () => {
    const client = await world.envelope(world.alice);
    const content = { message: 'Connected successfully', ...who(world.alice) };
    assertShape(client.welcome, toOne('connected', content));
    await client.quiet();
  });

  describe('tokens that let in', () => {
    const good = (name, token) =>
      test(name, async () => {
        const client = await world.envelope(world.bob, { token: token() });
        assert.deepEqual([client.welcome.data.user_id, client.welcome.data.username], [world.bob.id, 'bob']);
      });

    good('one from the login', () => world.bob.token);
    good('one whose subject is the username, as the app\'s own server makes it', () =>
      mint(claimsOf('bob', envelopeClaims())));
    good('one whose uid says more than its subject', () =>
      mint(claimsOf('alice', envelopeClaims({ uid: String(world.bob.id) }))));
  });

  describe('tokens that are refused, with HTTP 403 before the upgrade', () => {
    const bob = (more, how) => () => mint(claimsOf('bob', envelopeClaims(more)), how);
    const bad = (name, code, reason, token) =>
      test(name, () => assertRefused(token === undefined ? {} : { token: token() }, code, reason));
    const invalid = (name, token) => bad(name, 4401, 'Authentication failed: 401: Invalid token', token);

    bad('none', 4401, 'Missing token');
    bad('an empty one', 4401, 'Missing token', () => '');
    invalid('nonsense', () => 'nonsense');
    invalid('one signed with another secret', bob({}, { secret: 'guessed' }));
    invalid('one signed with another algorithm', bob({}, { alg: 'HS512' }));
    invalid('one that is not signed', bob({}, { alg: 'none' }));
    invalid('one of another issuer', bob({ iss: 'somebody_else' }));
    invalid('one that names no issuer', bob({ iss: undefined }));
    invalid('one for another audience', bob({ aud: 'somebody_else' }));
    invalid('one for no audience', bob({ aud: undefined }));
    invalid('one that never ends', bob({ exp: undefined }));
    invalid('one that is not valid yet', bob({ nbf: nowSeconds() + 600 }));
    const expired = 'Authentication failed: 401: Token expired';
    bad('one whose time is over', 4401, expired, bob({ exp: nowSeconds() - 1 }));
    const wrongType = 'Authentication failed: 401: Wrong token type';
    bad('a refresh token', 4401, wrongType, () => world.bob.refreshToken);
    bad('one without a type', 4401, wrongType, bob({ type: undefined }));
    const noSubject = 'Invalid token: no subject';
    bad('one without a subject', 4401, noSubject, bob({ sub: undefined }));
    bad('one whose subject is empty', 4401, noSubject, bob({ sub: '' }));
    bad('one for a user who does not exist', 4401, 'User not found', bob({ sub: 'nobody' }));
  });

  describe('the cookie of a login, where no token is shown', () => {
    const cookie = () => `access_token=${world.bob.token}`;

    test('lets in', async () => {
      const client = await world.envelope(world.bob, { token: '', headers: { cookie: cookie() } });
      assert.equal(client.welcome.data.user_id, world.bob.id);
    });

    test('does not count for pages of other servers', () =>
      assertRefused({}, 4401, 'Missing token', {
        cookie: cookie(),
        origin: 'https://elsewhere.example',
      }));

    test('an Authorization header never counts', () =>
      assertRefused({}, 4401, 'Missing token', { authorization: `Bearer ${world.bob.token}` }));
  });

  test('a request that does not upgrade is answered with 400', async () => {
    const rest = new Rest(world.server.url);
    const { status, body } = await rest.ask('GET', `/ws/connect?token=${world.bob.token}`);
    assert.deepEqual([status, body], [400, 'a WebSocket is served here']);
  });

  test('the sixth connection of one user is refused, the five stay, a seat that was left is free', async () => {
    const five = await Promise.all(Array.from({ length: 5 }, () => world.envelope(world.bob)));
    await assertRefused({ token: world.bob.token }, 4429, 'Too many connections');
    await world.envelope(world.alice);
    for (const client of five) {
      client.say({ type: 'ping' });
      await client.next('pong');
    }
    five[0].close();
    assert.equal((await five[0].closed()).code, 1000);
    await world.envelope(world.bob);
    await assertRefused({ token: world.bob.token }, 4429, 'Too many connections');
  });

  test('a message of 1 MiB is taken, a longer one closes with 1009', async () => {
    const client = await world.envelope(world.alice);
    const frame = JSON.stringify({ type: 'ping', padding: '' });
    client.sayText(JSON.stringify({ type: 'ping', padding: 'x'.repeat(MIB - frame.length) }));
    await client.next('pong');
    client.sayText(JSON.stringify({ type: 'ping', padding: 'x'.repeat(MIB - frame.length + 1) }));
    assert.deepEqual(await client.closed(), { code: 1009, reason: '' });
  });

  test('a flood is told once what it is, and ended when it goes on', async () => {
    const client = await world.envelope(world.alice);
    for (let sent = 0; sent < 4_000; sent += 1) client.say({ type: 'no such type' });
    assert.equal((await client.closed()).code, 1008);
    const told = client.unread().map((frame) => frame.data.error);
    assert.equal(told.filter((text) => text === 'Too many messages').length, 1);
    assert.ok(told.length < 1_000, `${told.length} of 4,000 were answered`);
  });

  test('pings of the protocol are answered', async () => {
    const client = await world.envelope(world.alice);
    assert.equal(await client.ping('are you there'), 'are you there');
  });

  test('when the time of a token is over its connection is closed with 4401, and stays out', async () => {
    const token = mint(claimsOf('bob', envelopeClaims({ exp: nowSeconds() + 2 })));
    const client = await world.envelope(world.bob, { token });
    const reason = 'Authentication failed: 401: Token expired';
    assert.deepEqual(await client.closed(), { code: 4401, reason });
    await assertRefused({ token }, 4401, reason);
  });
});

describe('envelope: servers with settings of their own', () => {
  test('the server pings at the interval that is set, and who answers stays', async () => {
    const world = await World.start(['alice'], { env: { WS_HEARTBEAT_INTERVAL: '1' } });
    try {
      const client = await world.envelope(world.alice);
      for (let beat = 0; beat < 3; beat += 1) assert.equal((await client.pinged()).length, 0);
      await client.quiet();
    } finally {
      await world.stop();
    }
  });

  test('the number of connections and the size of a message', async () => {
    const env = { WS_MAX_CONNECTIONS_PER_USER: '1', WS_MESSAGE_MAX_SIZE: '64' };
    const world = await World.start(['alice'], { env });
    try {
      const client = await world.envelope(world.alice);
      const { body } = await refusal(world.server.url, { token: world.alice.token });
      assert.equal(body.code, 4429);
      client.sayText(' '.repeat(65));
      assert.equal((await client.closed()).code, 1009);
    } finally {
      await world.stop();
    }
  });

  test('every listener serves it, and a server that ends says 1001', async () => {
    const server = await Server.start({ args: ['--listen', '127.0.0.1:0=taskmanager'] });
    const ports = [...server.log.matchAll(/listening on http:\/\/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port);
    const { person } = await registered(server.url, 'alice');
    const clients = [];
    for (const port of new Set(ports)) {
      const rest = new Rest(`http://127.0.0.1:${port}`, person.token);
      clients.push(await Envelope.connected({ ...person, rest }));
    }
    await server.stop();
    for (const client of clients) assert.equal((await client.closed()).code, 1001);
  });
});

/** An account made and logged in as the app's own test client does it. */
async function registered(url, name) {
  const rest = new Rest(url);
  const password = 'correct horse battery';
  const account = { username: name, password, email: `${name}@test.com` };
  await rest.post('/auth/register', account);
  const again = await rest.ask('POST', '/auth/register', { body: account });
  const login = await rest.ask('POST', '/auth/login', { body: { username: name, password } });
  assert.equal(login.status, 200);
  const { access_token: token, user } = login.body;
  return { person: { id: user.id, name, token, rest: new Rest(url, token) }, again, login };
}

describe('envelope: the app\'s own test client, on a server where nobody has made anything', () => {
  let server;
  before(async () => (server = await Server.start()));
  after(() => server.stop());

  test('register, log in, join, send, ping and leave: these frames and no others', async () => {
    const { person, again, login } = await registered(server.url, 'alice');
    assert.equal(again.status, 400);
    assert.equal(again.body.detail, 'Username taken');
    assert.equal(login.body.token_type, 'bearer');
    const client = await Envelope.connected(person);
    assert.equal(client.welcome.data.username, 'alice');
    for (const room of ['channel:123', 'project:456']) {
      const frames = await client.join(room);
      joined(room, person).forEach((shape, at) => assertShape(frames[at], shape));
    }
    for (const room of ['channel:123', 'project:456']) {
      client.say({ type: 'send_message', room, data: { content: `Hello, ${room}` } });
      const content = { content: `Hello, ${room}`, ...who(person) };
      assertShape(await client.next('message'), inRoom('message', room, person, content));
    }
    client.say({ type: 'ping' });
    assertShape(await client.next('pong'), toOne('pong', { timestamp: offset }));
    const frames = await client.leave('project:456');
    left('project:456', person).forEach((shape, at) => assertShape(frames[at], shape));
    await client.quiet();
    client.close();
    assert.equal((await client.closed()).code, 1000);
  });
});

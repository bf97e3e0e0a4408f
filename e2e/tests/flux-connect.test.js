// Flux Studio's contract: getting in, and being refused.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { Flux, fluxClaims } from '../lib/flux.js';
import { RawSocket } from '../lib/raw.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { claimsOf, mint, nowSeconds } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const NO_TOKEN = 'Authentication required';
const BAD_TOKEN = 'Invalid or expired token';

describe('flux: connection', () => {
  let world;
  const open = [];
  before(async () => (world = await World.start(['alice', 'bob'], { dialect: 'flux' })));
  afterEach(() => open.splice(0).forEach((client) => client.close()));
  after(() => world.stop());

  /** A client that was let in and is served: it hears its own project. */
  const letIn = async (transport) => {
    const client = await Flux.connected(world.bob, transport);
    open.push(client);
    return client;
  };

  for (const transport of TRANSPORTS) {
    test(`in at once and without a welcome, on ${transport.name}`, async () => {
      const client = await letIn(transport);
      assert.equal(client.engine.transport.name, transport.ends);
      assert.deepEqual(client.heard.map((event) => event.name), ['(connect)']);
    });

    test(`refused, on ${transport.name}`, async () => {
      assert.equal(await Flux.refusal(world.bob, { ...transport.options, auth: {} }), NO_TOKEN);
      const nonsense = { ...transport.options, auth: { token: 'nonsense' } };
      assert.equal(await Flux.refusal(world.bob, nonsense), BAD_TOKEN);
    });
  }

  for (const path of ['/socket.io/', '/api/socket.io/']) {
    for (const namespace of ['/', '/api', '/flux']) {
      test(`the namespace ${namespace} at ${path}`, async () => {
        await letIn({ options: { path, namespace } });
        assert.equal(await Flux.refusal(world.bob, { path, namespace, auth: {} }), NO_TOKEN);
      });
    }
  }

  test('the frames on the wire: CONNECT is answered, and nothing else is said', async () => {
    const { home, token } = world.alice;
    for (const prefix of ['', '/api,']) {
      const raw = await RawSocket.open(world.server.url, '');
      assert.equal((await raw.next())[0], '0');
      raw.sendText(`40${prefix}${JSON.stringify({ token })}`);
      const answer = await raw.next();
      assert.match(answer.slice(2 + prefix.length), /^\{"sid":"[^"]+"\}$/);
      assert.ok(answer.startsWith(`40${prefix}`), answer);
      // An acknowledgement that is asked for does not come: the reply to the next is next.
      raw.sendText(`42${prefix}7["join:project",{"projectId":"${home.id}"}]`);
      const list = await raw.next();
      assert.ok(list.startsWith(`42${prefix}["presence:update",`), list);
      raw.sendText(`42${prefix}8["leave:project",{"projectId":"${home.id}"}]`);
      raw.sendText(`42${prefix}9["leave:project"]`);
      raw.sendText(`42${prefix}10["task:deleted",{"taskId":"x"}]`);
      assert.equal(await raw.next(), `42${prefix}["error",{"message":"Task not found"}]`);
      raw.sendText(`42${prefix}11["nobody:knows",{}]`);
      raw.sendText(`42${prefix}["join:project"]`);
      assert.equal(await raw.next(), `42${prefix}["error",{"message":"Project not found"}]`);
      raw.destroy();
    }
  });

  test('other namespaces do not exist', async () => {
    for (const namespace of ['/notifications', '/api/socket.io']) {
      assert.equal(await Flux.refusal(world.bob, { namespace }), 'Invalid namespace');
    }
  });

  test('pages of an allowed origin may send credentials', async () => {
    const origin = 'http://localhost:5173';
    const url = `${world.server.url}/api/socket.io/?EIO=4&transport=polling`;
    const { status, headers } = await fetch(url, { headers: { origin } });
    assert.equal(status, 200);
    assert.equal(headers.get('access-control-allow-origin'), origin);
    assert.equal(headers.get('access-control-allow-credentials'), 'true');
  });

  describe('tokens that let in', () => {
    const good = (name, token) => test(name, () => letIn({ options: { auth: { token: token() } } }));

    good('one from the login', () => world.bob.token);
    good('one of the app\'s own server', () => mint(fluxClaims(world.bob)));
    good('one of its newer server', () => mint(fluxClaims(world.bob, { type: 'access', jti: 'j1' })));
    good('the id as a number', () => mint(fluxClaims(world.bob, { id: world.bob.id })));
  });

  describe('tokens that are refused', () => {
    const bad = (name, options, text = BAD_TOKEN) =>
      test(name, async () => assert.equal(await Flux.refusal(world.bob, options()), text));
    const minted = (more, how) => () => ({ auth: { token: mint(fluxClaims(world.bob, more), how) } });

    bad('an empty one', () => ({ auth: { token: '' } }), NO_TOKEN);
    bad('null', () => ({ auth: { token: null } }), NO_TOKEN);
    bad('one in the query', () => ({ auth: {}, query: { token: world.bob.token } }), NO_TOKEN);
    const cookie = () => ({ extraHeaders: { cookie: `access_token=${world.bob.token}` } });
    bad('one in the cookie', () => ({ auth: {}, ...cookie() }), NO_TOKEN);
    bad('one with Bearer', () => ({ auth: { token: `Bearer ${world.bob.token}` } }));
    bad('a refresh token', () => ({ auth: { token: world.bob.refreshToken } }));
    bad('one whose time is over', minted({ exp: nowSeconds() - 1 }));
    bad('one that never ends', minted({ exp: undefined }));
    bad('one signed with another secret', minted({}, { secret: 'guessed' }));
    bad('one signed with another algorithm', minted({}, { alg: 'HS512' }));
    bad('one that is not signed', minted({}, { alg: 'none' }));
    bad('one for a user who does not exist', minted({ id: '999999' }));
    bad('one whose user is no id', minted({ id: '6b1c2a9e-0000-4000-8000-000000000000' }));
    bad('one that names its user elsewhere', () => ({ auth: { token: mint(claimsOf(world.bob.id)) } }));
  });

  test('when the token of a live connection expires, it is told and put out', async () => {
    const token = mint(fluxClaims(world.bob, { exp: nowSeconds() + 3 }));
    const client = new Flux(world.bob, { auth: { token } });
    open.push(client);
    await client.next('(connect)');
    assert.deepEqual(await client.next('error'), { message: BAD_TOKEN });
    assert.equal(await client.next('(disconnect)'), 'io server disconnect');
  });

  test('the default reconnection finds back after the transport was lost', async () => {
    const client = new Flux(world.bob, { reconnection: true, reconnectionDelay: 100 });
    open.push(client);
    await client.next('(connect)');
    client.lose();
    assert.equal(await client.next('(disconnect)'), 'transport close');
    await client.next('(connect)');
    await client.quiet();
  });
});

test('flux: one connection too many is refused', async () => {
  const env = { CHORUS_CONNECTIONS_PER_USER: '1' };
  const world = await World.start(['alice'], { dialect: 'flux', env });
  try {
    const first = await Flux.connected(world.alice);
    assert.equal(await Flux.refusal(world.alice), 'Too many connections');
    await first.quiet();
    first.close();
  } finally {
    await world.stop();
  }
});

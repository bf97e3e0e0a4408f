// Accounts over REST: registering, logging in, staying logged in; and what the server tells of
// itself to who watches it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Rest } from '../lib/rest.js';
import { assertShape, id, text } from '../lib/shapes.js';
import { World } from '../lib/world.js';

const PASSWORD = 'correct horse battery';

describe('accounts', () => {
  let world;
  let nobody;

  before(async () => {
    world = await World.start(['alice']);
    nobody = new Rest(world.server.url);
  });
  after(() => world.stop());

  test('register: the account, without its password', async () => {
    const made = await nobody.post('/auth/register', {
      username: 'Dora',
      password: PASSWORD,
      role: 'admin',
    });
    assertShape(made, { id, username: 'dora', email: null, role: 'user', full_name: 'dora' });
    const named = await nobody.post('/auth/register/', {
      username: 'emil',
      password: PASSWORD,
      email: 'Emil@Example.com',
      full_name: 'Emil Example',
    });
    assert.deepEqual([named.email, named.full_name], ['emil@example.com', 'Emil Example']);
  });

  test('register: a name that is taken, in whatever case', async () => {
    for (const username of ['alice', 'ALICE']) {
      const body = { username, password: PASSWORD };
      const refusal = await nobody.refused(400, 'POST', '/auth/register', { body });
      assert.equal(refusal.detail, 'Username taken');
    }
  });

  test('register: every rule that was broken', async () => {
    const body = { username: '12345', password: 'short', email: 'nobody' };
    const refusal = await nobody.refused(422, 'POST', '/auth/register', { body });
    assert.deepEqual(Object.keys(refusal.error.fields).sort(), ['email', 'password', 'username']);
  });

  test('log in by name or address: tokens, the person, and cookies', async () => {
    for (const login of [{ username: 'Alice' }, { email: 'alice@example.com' }]) {
      const answer = await nobody.ask('POST', '/auth/login', { body: { ...login, password: PASSWORD } });
      assert.equal(answer.status, 200);
      assertShape(answer.body, {
        access_token: text,
        refresh_token: text,
        token_type: 'bearer',
        expires_in: 1_800,
        user: {
          id: world.alice.id,
          username: 'alice',
          email: 'alice@example.com',
          role: 'user',
          full_name: 'Alice Example',
        },
      });
      for (const name of ['access_token', 'refresh_token']) {
        const cookie = answer.headers.getSetCookie().find((line) => line.startsWith(`${name}=`));
        assert.ok(cookie.startsWith(`${name}=${answer.body[name]};`), name);
        assert.match(cookie, /; ?HttpOnly/i);
        assert.match(cookie, /; ?SameSite=Lax/i);
        assert.match(cookie, /; ?Path=\//i);
      }
    }
  });

  test('log in: a wrong password and an unknown name look the same', async () => {
    const wrong = { username: 'alice', password: 'wrong password' };
    const unknown = { username: 'nobody', password: 'wrong password' };
    const first = await nobody.refused(401, 'POST', '/auth/login', { body: wrong });
    const second = await nobody.refused(401, 'POST', '/auth/login', { body: unknown });
    assert.deepEqual(first, second);
    assert.equal(first.detail, 'Invalid credentials');
  });

  test('a cookie counts for reading from no other site', async () => {
    const cookie = `access_token=${world.alice.token}`;
    const me = (headers) => nobody.ask('GET', '/auth/me', { headers: { cookie, ...headers } });
    assert.equal((await me({})).body.username, 'alice');
    assert.equal((await me({ origin: world.server.url })).status, 200);
    assert.equal((await me({ origin: 'https://elsewhere.example' })).status, 401);
  });

  test('refresh and log out', async () => {
    const login = { username: 'alice', password: PASSWORD };
    const { body: pair } = await nobody.ask('POST', '/auth/login', { body: login });
    const refresh = () =>
      nobody.ask('POST', '/auth/refresh', { body: { refresh_token: pair.refresh_token } });
    const renewed = await refresh();
    assert.equal(renewed.status, 200);
    const alice = new Rest(world.server.url, renewed.body.access_token);
    assert.equal((await alice.get('/auth/me')).username, 'alice');
    const out = await alice.ask('POST', '/auth/logout', { body: { refresh_token: pair.refresh_token } });
    assert.equal(out.status, 204);
    assert.equal((await refresh()).status, 401);
    await nobody.refused(401, 'POST', '/auth/refresh', { body: { refresh_token: world.alice.token } });
  });

  test('health and status need no account, and count truly', async () => {
    for (const path of ['/health', '/api/health']) {
      const health = await nobody.get(path, { root: true });
      assert.deepEqual([health.status, health.websocket_enabled], ['healthy', true]);
    }
    for (const path of ['/healthz', '/readyz', '/api/v1/health/']) {
      assert.equal((await nobody.ask('GET', path, { root: true })).status, 200, path);
    }
    const status = () => nobody.get('/websocket/status', { root: true });
    const empty = { websocket_enabled: true, connected_users: 0, active_rooms: 0, status: 'active' };
    assert.deepEqual(await status(), empty);
    await world.clients(undefined, world.alice, world.alice, world.root);
    // Two people, each in his own room and that of his home.
    assert.deepEqual(await status(), { ...empty, connected_users: 2, active_rooms: 4 });
  });

  for (const mode of ['closed', 'invite']) {
    test(`--registration ${mode} keeps strangers out, but lets the first person in`, async () => {
      const strict = await World.start([], { args: ['--registration', mode] });
      const body = { username: 'stranger', password: PASSWORD };
      await new Rest(strict.server.url).refused(403, 'POST', '/auth/register', { body });
      assert.equal((await strict.root.rest.get('/auth/me')).role, 'admin');
      await strict.stop();
    });
  }

  test('the server ends cleanly when it is asked to', async () => {
    const short = await World.start([]);
    assert.deepEqual(await short.stop(), { code: 0, signal: null });
  });
});

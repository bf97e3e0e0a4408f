// Tokens of an application's own back end: they count in the dialect whose secret is configured,
// and whoever comes with one for the first time gets an account.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import WebSocket from 'ws';

import { envelopeClaims, refusal } from '../lib/envelope.js';
import { deferred, within } from '../lib/deadline.js';
import { NativeSocket } from '../lib/native.js';
import { Client } from '../lib/sockets.js';
import { claimsOf, mint, nowSeconds } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const OLD = 'the secret of the old back end';
const OTHER = 'the secret of another back end';
const UUID = '26524be8-b5b0-4177-9ec9-8655ce9b6246';

describe('tokens of another back end', () => {
  let world;
  before(async () => {
    const env = { CHORUS_TASKMANAGER_SECRET: OLD, CHORUS_ENVELOPE_SECRET: OTHER };
    world = await World.start(['alice'], { env });
  });
  afterEach(() => world.closeClients());
  after(() => world.stop());

  const old = (sub, more) => mint(claimsOf(sub, more), { secret: OLD });
  const person = (token) => ({ name: 'somebody', token, rest: world.alice.rest });
  const open = async (token) => {
    const client = new Client(person(token), { transports: ['websocket'] });
    const refused = client.next('(connect_error)').then((error) => Promise.reject(error));
    const welcome = await Promise.race([client.next('connected'), refused]);
    return { client, id: welcome.user_id };
  };
  const connected = async (token) => {
    const { client, id } = await open(token);
    client.close();
    return id;
  };
  const account = async (id) => (await world.root.rest.get('/users')).find((user) => user.id === id);

  test('let in, and make an account at first sight, once', async () => {
    const token = old(UUID, { username: 'Ann', email: 'ann@example.org', name: 'Ann Owner' });
    const first = await connected(token);
    const user = await account(first);
    assert.deepEqual(
      [user.username, user.email, user.full_name, user.role],
      ['ann', 'ann@example.org', 'Ann Owner', 'user'],
    );
    assert.equal(await connected(token), first, 'the same person');
    assert.equal(await connected(old(UUID, { username: 'renamed' })), first, 'whatever the name');
  });

  test('many at once make one account', async () => {
    const token = old('crowd');
    const ids = await Promise.all(Array.from({ length: 8 }, () => connected(token)));
    assert.equal(new Set(ids).size, 1);
  });

  test('names and addresses that are taken stay their owner\'s', async () => {
    const id = await connected(old('other-alice', { username: 'alice', email: 'alice@example.com' }));
    assert.notEqual(id, world.alice.id);
    const { username, email } = await account(id);
    assert.deepEqual([username, email], ['alice-2', null]);
  });

  test('a number that is free becomes the id, one that is taken does not', async () => {
    assert.equal(await connected(old(4711)), 4711);
    assert.notEqual(await connected(old(String(world.alice.id))), world.alice.id);
    assert.notEqual(await connected(old('99999999999')), 99999999999);
  });

  test('who was seen can be taken into projects and hears of them', async () => {
    const token = old('worker');
    const { client: first, id } = await open(token);
    first.close();
    const project = await world.project(world.alice);
    await world.alice.rest.post(`/projects/${project.id}/members`, { user_id: id });
    const { client } = await open(token);
    const task = await world.task(world.alice, project);
    assert.equal((await client.next('task_created')).task.id, task.id);
    client.close();
  });

  test('end with all tokens of the account, and count again when they are newer', async () => {
    const issued = (iat) => old('left behind', { username: 'lena', iat, nbf: undefined });
    const { client } = await open(issued(nowSeconds()));
    await world.user('log-out', 'lena');
    assert.deepEqual(await client.next('error'), { message: 'Authentication required' });
    assert.equal((await client.nextArgs('(disconnect)'))[0], 'io server disconnect');
    for (const iat of [nowSeconds() - 60, undefined]) {
      await assert.rejects(open(issued(iat)), /Connection rejected by server/, `issued at ${iat}`);
    }
    await connected(issued(nowSeconds() + 2));
  });

  test('do not count in another dialect, nor when they are bad', async () => {
    const query = { token: mint(claimsOf('ann', envelopeClaims()), { secret: OLD }) };
    assert.equal((await refusal(world.server.url, query)).status, 403);
    const good = { token: mint(claimsOf('ann', envelopeClaims()), { secret: OTHER }) };
    const socket = new WebSocket(`${world.server.url.replace('http', 'ws')}/api/v1/ws/connect?token=${good.token}`);
    const welcome = deferred();
    socket.on('error', welcome.reject);
    socket.on('message', (text) => welcome.resolve(JSON.parse(text)));
    assert.equal((await within(welcome.promise, 'a welcome')).type, 'connected');
    socket.close();
    assert.equal(await NativeSocket.refused(person(old('x'))), 'Invalid token');
    for (const bad of [old('x', { exp: nowSeconds() - 9 }), old(undefined), old({ a: 1 }), mint(claimsOf('x'), { secret: 'guessed, and wrong' })]) {
      await assert.rejects(open(bad), /Connection rejected by server/);
    }
  });
});

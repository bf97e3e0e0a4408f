// The recipes of docs/recipes/ for nginx, with nginx: an old back end on one side of it, Chorus on
// the other, and each application's client in front, with a token that its old back end signed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { WebSocket } from 'ws';

import { deferred, within } from '../lib/deadline.js';
import { Envelope, envelopeClaims, refusal } from '../lib/envelope.js';
import { Flux, fluxClaims } from '../lib/flux.js';
import { Nginx } from '../lib/nginx.js';
import { Prodsight } from '../lib/prodsight.js';
import { Skybuild } from '../lib/skybuild.js';
import { Client } from '../lib/sockets.js';
import { claimsOf, mint, nowSeconds } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const RECIPES = new URL('../../docs/recipes/', import.meta.url);
const OLD = 'the secret of the old back end';
const GUESSED = 'guessed by somebody, and wrong';
const LONG_POLLING = { transports: ['polling'] };
const WEBSOCKET = { transports: ['websocket'] };
/** The ways of a Socket.IO client. */
const WAYS = { 'a websocket': WEBSOCKET, 'long-polling': LONG_POLLING };
/** Handshakes that an address may make at once: enough for each test, not for a crowd. */
const BURST = 10;

const connectError = async (client) => (await client.next('(connect_error)')).message;

/**
 * Per application: how its client connects and is welcomed, what its old back end writes into a
 * token, how somebody is called whom Chorus sees first, and what he hears of a new project.
 */
const APPS = [
  {
    name: 'taskmanager',
    Client,
    claims: claimsOf,
    subjects: ['4711', '4712'],
    username: (subject) => `taskmanager-${subject}`,
    welcome: 'connected',
    refusal: connectError,
    refused: 'Connection rejected by server',
    knock: '/socket.io/?EIO=4&transport=websocket',
    status: '/websocket/status',
    hears: async (client, { task }) => assert.equal((await client.next('task_created')).task.id, task.id),
  },
  {
    name: 'flux',
    Client: Flux,
    options: { path: '/api/socket.io', namespace: '/api' },
    ways: { ...WAYS, 'the path of older clients': { ...WEBSOCKET, path: '/socket.io', namespace: '/' } },
    claims: (id) => fluxClaims({ id, email: `ann-${id.slice(0, 4)}@example.org` }),
    subjects: [
      '26524be8-b5b0-4177-9ec9-8655ce9b6246',
      'e9294364-8d12-4b6e-a2a5-3d1c5e0f7a11',
      '0b7d9d0a-51a6-4c5e-9a3f-7e2f4b6c8d90',
    ],
    username: (subject) => `ann-${subject.slice(0, 4)}`,
    refusal: connectError,
    refused: 'Invalid or expired token',
    knock: '/api/socket.io/?EIO=4&transport=websocket',
    enter: (client, project) => client.join(project),
    hears: async (client, { task }) =>
      assert.equal((await client.next('task:created')).task.id, String(task.id)),
  },
  {
    name: 'prodsight',
    Client: Prodsight,
    claims: (sub) => ({ sub, exp: nowSeconds() + 3600 }),
    subjects: ['57', '58'],
    username: (subject) => `prodsight-${subject}`,
    welcome: 'connection_status',
    refusal: async (client) => (await client.nextArgs('(disconnect)'))[0],
    refused: 'io server disconnect',
    knock: '/socket.io/?EIO=4&transport=websocket',
    hears: async (client, { task }) =>
      assert.equal((await client.next('task_update')).task.id, String(task.id)),
  },
  {
    name: 'skybuild',
    Client: Skybuild,
    claims: (sub) => ({ sub, role: 'user', exp: nowSeconds() + 3600 }),
    subjects: ['34c80a52-0f5e-4c1a-9d0d-6f6f5f3c2b10', '8511c7f0-27a4-4e0b-8f35-1b7b8a9f4d22'],
    username: (subject) => subject,
    welcome: 'connected',
    refusal: connectError,
    refused: 'Authentication failed',
    knock: '/socket.io/?EIO=4&transport=websocket',
    enter: (client, project) => client.enter(project),
    hears: async (client, { comment }) =>
      assert.equal((await client.next('comment:created')).comment_id, comment.id),
  },
  {
    name: 'envelope',
    Client: Envelope,
    ways: { 'a raw socket': {} },
    claims: (sub) => claimsOf(sub, envelopeClaims()),
    subjects: ['ann', 'ben'],
    username: (subject) => subject,
    welcome: 'connected',
    knock: '/api/v1/ws/connect?token=nobody',
    enter: (client, project) => client.join(`project:${project.id}`),
    hears: async (client, { task }) =>
      assert.equal((await client.next('task.created')).data.task_id, task.id),
  },
];

/** Answers every request with `old`, its path, and who it is told that asks. */
async function oldBackEnd() {
  const server = createServer((asked, answer) => {
    const { host, 'x-forwarded-for': client } = asked.headers;
    answer.end(JSON.stringify({ by: 'old', path: asked.url, host, client }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A GET from another address of this machine, or with a `Host` of its own: the response. */
async function get(url, { from = '127.0.0.1', headers = {} } = {}) {
  const answered = deferred();
  const asked = request(url, { localAddress: from, headers }, answered.resolve);
  asked.once('error', answered.reject).end();
  const response = await within(answered.promise, `GET ${url}`);
  const body = Buffer.concat(await within(response.toArray(), `the body of ${url}`)).toString();
  return { status: response.statusCode, headers: response.headers, body };
}

/** The status that a WebSocket's handshake meets. */
async function knock(url, from, invented) {
  const headers = { 'x-forwarded-for': invented };
  const socket = new WebSocket(url.replace('http', 'ws'), { localAddress: from, headers });
  const met = deferred();
  socket.on('upgrade', (response) => met.resolve(response.statusCode));
  socket.on('unexpected-response', (_, response) => met.resolve(response.statusCode));
  socket.on('error', met.reject);
  return within(met.promise, `a handshake at ${url}`).finally(() => socket.terminate());
}

for (const app of APPS) {
  describe(`the recipe for ${app.name}`, () => {
    let [world, old, nginx] = [];
    before(async () => {
      const env = {
        [`CHORUS_${app.name.toUpperCase()}_SECRET`]: OLD,
        CHORUS_HANDSHAKES_PER_SECOND: '1',
        CHORUS_HANDSHAKE_BURST: String(BURST),
      };
      world = await World.start(['alice'], { dialect: app.name, env });
      old = await oldBackEnd();
      const recipe = await readFile(new URL(`${app.name}.nginx.conf`, RECIPES), 'utf8');
      nginx = await Nginx.start(recipe, { old: old.address().port, chorus: world.server.port });
    });
    after(async () => {
      await nginx?.stop();
      old?.close();
      await world?.stop();
    });

    /** Somebody from the old back end, who has no project here. */
    const person = (subject, secret = OLD) => {
      const token = mint(app.claims(subject), { secret });
      return { name: subject, token, home: { id: 0 }, url: nginx.url, rest: { url: nginx.url } };
    };
    const account = async (name) =>
      (await world.root.rest.all('/users')).find(({ username }) => username === name);

    test('its other paths stay with the old back end', async () => {
      const asked = { from: '127.0.0.2', headers: { host: 'app.example', 'x-forwarded-for': '192.0.2.1' } };
      for (const path of ['/', '/board?task=7', '/api/v1/projects', '/api/tasks', '/socket.iox/']) {
        const { status, body } = await get(`${nginx.url}${path}`, asked);
        assert.equal(status, 200);
        const told = { by: 'old', path, host: 'app.example', client: '127.0.0.2' };
        assert.deepEqual(JSON.parse(body), told, 'what a stranger says of his address is gone');
      }
    });

    if (app.status) {
      test('its status is that of Chorus', async () => {
        const { status, body } = await get(`${nginx.url}${app.status}`);
        assert.deepEqual([status, JSON.parse(body).websocket_enabled], [200, true]);
      });
    }

    const ways = Object.entries(app.ways ?? WAYS);
    for (const [at, [way, options]] of ways.entries()) {
      test(`over ${way} somebody new is let in, and hears of the project that takes him in`, async () => {
        const subject = app.subjects[at];
        assert.equal(await account(app.username(subject)), undefined, 'nobody knows him');
        const client = new app.Client(person(subject), { ...app.options, ...options });
        if (app.Client !== Envelope) await client.next('(connect)');
        if (app.welcome) await client.next(app.welcome);
        if (options.transports) assert.deepEqual([client.engine.transport.name], options.transports);
        const user = await account(app.username(subject));
        assert.ok(user, 'he has an account now');
        const project = await world.project(world.alice, user);
        await app.enter?.(client, project);
        const task = await world.task(world.alice, project, { assignee_id: user.id });
        const comment = await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'Here' });
        await app.hears(client, { task, comment });
        client.close();
      });
    }

    test('a token that somebody else signed lets nobody in', async () => {
      const stranger = person('stranger', GUESSED);
      if (app.Client === Envelope) {
        const { status, body } = await refusal(nginx.url, { token: stranger.token });
        assert.deepEqual([status, body.code], [403, 4401]);
      } else {
        const client = new app.Client(stranger, { ...app.options, ...WEBSOCKET });
        assert.equal(await app.refusal(client), app.refused);
        client.close();
      }
      assert.equal(await account(app.username('stranger')), undefined, 'and makes no account');
    });

    test('each address has its own limit, whatever it says of itself', async () => {
      const url = `${nginx.url}${app.knock}`;
      const crowd = Array.from({ length: 3 * BURST }, (_, n) => knock(url, '127.0.0.3', `192.0.2.${n}`));
      assert.ok((await Promise.all(crowd)).includes(429), 'a crowd behind one address is turned away');
      assert.notEqual(await knock(url, '127.0.0.4', '127.0.0.3'), 429, 'and nobody else');
    });

    test('nothing of the sockets is in the access log', async () => {
      const requests = await nginx.requests();
      assert.match(requests, /"GET \/board\?task=7 /);
      assert.doesNotMatch(requests, /token=|EIO=4/);
    });

    if (app.Client !== Envelope) {
      test('pages of the same host are known by it', async () => {
        const headers = { host: 'app.example', origin: 'https://app.example' };
        const url = `${nginx.url}${app.knock.replace('websocket', 'polling')}`;
        const { status, headers: told } = await get(url, { headers });
        assert.equal(status, 200);
        assert.equal(told['access-control-allow-origin'], 'https://app.example');
        assert.equal(told['access-control-allow-credentials'], 'true');
      });
    }
  });
}

test('the pages show the files that are run', async () => {
  const files = await readdir(RECIPES);
  const shown = files.filter((name) => name.endsWith('.nginx.conf') || name.endsWith('.Caddyfile'));
  assert.deepEqual(
    shown.toSorted(),
    APPS.flatMap(({ name }) => [`${name}.Caddyfile`, `${name}.nginx.conf`]).toSorted(),
  );
  for (const name of shown) {
    const page = await readFile(new URL(`${name.split('.')[0]}.md`, RECIPES), 'utf8');
    const text = await readFile(new URL(name, RECIPES), 'utf8');
    assert.ok(page.includes(`\n${text}\`\`\`\n`), `the page of ${name} shows it word by word`);
  }
});

// What each listener says of its health: probes of an application's deployment find the words of
// its own back end.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { offset } from '../lib/envelope.js';
import { iso } from '../lib/flux.js';
import { Rest } from '../lib/rest.js';
import { assertShape } from '../lib/shapes.js';
import { World } from '../lib/world.js';

const CHORUS = { status: 'healthy', message: 'Chorus is running', websocket_enabled: true };
const FORMS = {
  native: CHORUS,
  taskmanager: { status: 'healthy', message: 'Task Manager API is running', websocket_enabled: true },
  flux: {
    status: 'ok',
    service: 'auth-service',
    timestamp: iso,
    uptime: (seconds) => seconds > 0 && seconds < 3_600,
    database: { usePostgres: false, dualWriteEnabled: false },
  },
  prodsight: { status: 'healthy', message: 'Prodsight API is running' },
  skybuild: CHORUS,
  envelope: {
    status: 'ok',
    service: 'Project Manager API',
    timestamp: offset,
    checks: {
      database: { status: 'healthy', message: 'Database connection OK', response_time_ms: (took) => Number.isInteger(took) && took < 20_000 },
      redis: { status: 'degraded', message: 'Redis unavailable: not used', response_time_ms: 0 },
    },
  },
};
const PATHS = ['/health', '/health/', '/api/health', '/api/v1/health', '/api/v1/health/', '/chorus/v1/health'];

describe('health', () => {
  let world;
  before(async () => {
    const [dialect, ...listen] = Object.keys(FORMS);
    world = await World.start([], { dialect, listen });
  });
  after(() => world.stop());

  for (const [dialect, shape] of Object.entries(FORMS)) {
    test(`on a listener of ${dialect}`, async () => {
      const nobody = new Rest(world.server.urls[dialect]);
      for (const path of PATHS) assertShape(await nobody.get(path, { root: true }), shape, path);
      assert.deepEqual(await nobody.get('/healthz', { root: true }), { ok: true });
    });
  }

  test('is of the moment', async () => {
    const nobody = new Rest(world.server.urls.flux);
    const said = () => nobody.get('/api/health', { root: true });
    const first = await said();
    let next = await said();
    while (next.timestamp === first.timestamp) next = await said();
    assert.ok(next.timestamp > first.timestamp);
  });
});

test('health: a listener of a dialect that the binary does not have says what Chorus says', async () => {
  const world = await World.start([], { dialect: 'wall' });
  assert.deepEqual(await new Rest(world.server.url).get('/health', { root: true }), CHORUS);
  await world.stop();
});

// The OpenAPI document and the server, held to each other by a property-based tester, which makes
// requests of the document: values at the limits and beyond, random ones, and sequences. No 5xx; no
// status, media type, header or body that the document does not name; nothing taken that it forbids.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { envelopeClaims } from '../lib/envelope.js';
import { Program } from '../lib/program.js';
import { claimsOf, mint } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const python = (name) => fileURLToPath(new URL(`../python/${name}`, import.meta.url));
const TESTER = python('.schemathesis/bin/schemathesis');
/** Random requests of each operation, what they grow from, and how long all may take. */
const EXAMPLES = process.env.EXAMPLES ?? '3';
const SEED = process.env.SEED ?? '1';
const MOST_MS = 300_000 + Number(EXAMPLES) * 30_000;
/** Of every noun; the tester's hooks leave a third to be deleted. */
const NOUNS = 12;
/** One person and one address ask more than any would. */
const LIMITS = ['USER_REQUESTS_PER_SECOND', 'USER_REQUEST_BURST', 'REFUSALS_PER_SECOND', 'REFUSAL_BURST'];

describe('requests made of the OpenAPI document', () => {
  let world;
  const ids = {};

  before(async () => {
    const env = Object.fromEntries(LIMITS.map((name) => [`CHORUS_${name}`, '1000000']));
    world = await World.start(['alice', 'bob', 'carol'], { env: { ...env, CHORUS_FILES: 'files' } });
    for (let n = 0; n < NOUNS; n += 1) await furnish();
    ids.users = [world.root, world.alice, world.bob, world.carol].map(({ id }) => id);
  });
  after(() => world.stop());

  /** A project with one of everything; the ids go under the nouns of their paths. */
  const furnish = async () => {
    const { alice, bob } = world;
    const make = async (noun, path, body, options) => {
      const made = await alice.rest.post(path, body, options);
      (ids[noun] ??= []).push(made.id);
      return made.id;
    };
    const at = `/projects/${await make('projects', '/projects', { name: 'Bridge' })}`;
    await alice.rest.post(`${at}/members`, { user_id: bob.id, role: 'member' });
    const task = await make('tasks', `${at}/tasks`, { title: 'Dig' });
    await make('comments', `/tasks/${task}/comments`, { body: 'Hm' });
    await make('comments', `${at}/comments`, { body: 'Hm' });
    const channel = await make('channels', `${at}/channels`, { name: 'general' });
    await make('messages', '/messages', { channel_id: channel, content: 'Hm' });
    await make('boq', `${at}/boq`, { section: 'Roof', code: '1', description: 'Tiles', unit: 'm2', qty: '2.5', unit_price: 3 });
    const budget = await make('budget', `${at}/budget`, { name: 'Cast', budgeted: 100 });
    await make('entries', `/budget/${budget}/entries`, { amount: '1.5', description: 'Tea' });
    const script = await make('scripts', `${at}/scripts`, { title: 'Pier' });
    const scene = { scene_number: '1', title: 'EXT. PIER', location: 'Pier', estimated_runtime_minutes: 1 };
    await make('scenes', `/scripts/${script}/scenes`, scene);
    const shot = await make('vfx', `${at}/vfx`, { shot_name: 'S1' });
    await make('versions', `/vfx/${shot}/versions`, { label: 'v001' });
    await make('milestones', `${at}/milestones`, { title: 'Roof on' });
    const file = { raw: 'bytes', headers: { 'content-type': 'text/plain' } };
    await make('assets', `${at}/assets/upload?name=plan.txt`, undefined, file);
  };

  test('are answered as it says', async (t) => {
    assert.ok(existsSync(TESTER), `\`make e2e/python/.schemathesis\` installs ${TESTER}`);
    const tokens = {
      person: world.alice.token,
      leaver: world.carol.token,
      service: mint(claimsOf('root', envelopeClaims({ type: 'service' }))),
    };
    const env = {
      IDS: JSON.stringify(ids),
      TOKENS: JSON.stringify(tokens),
      PYTHONPATH: python('.'),
      PYTHONDONTWRITEBYTECODE: '1',
      SCHEMATHESIS_HOOKS: 'people',
    };
    const settings = ['--config-file', python('schemathesis.toml'), 'run', '--no-color'];
    const size = ['--max-examples', EXAMPLES, '--seed', SEED];
    // It keeps notes where it runs.
    const directory = await mkdtemp(path.join(tmpdir(), 'chorus-schemathesis-'));
    t.after(() => rm(directory, { recursive: true }));
    const document = `${world.server.url}/api/v1/openapi.json`;
    const tester = new Program([...settings, ...size, document], env, TESTER, directory);
    const { code } = await tester.ended(MOST_MS);
    assert.equal(code, 0, `${tester}`);
    // A document that names nothing, and people whose tokens ended, would pass as well.
    const said = String(tester);
    const [, made, found] = /(\d+) generated, (\d+) passed|$/.exec(said);
    assert.ok(Number(made) > 5000, said);
    assert.doesNotMatch(said, /Authentication failed/);
    t.diagnostic(`told: ${made} requests, ${found} passed, seed ${SEED}`);
  });
});

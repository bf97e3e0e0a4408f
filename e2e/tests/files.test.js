// Files of assets: streamed in and out with little memory, kept under the hash of what they are,
// cut off and cleaned up, swept away; names, types and sizes that mean harm.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { within } from '../lib/deadline.js';
import { Program } from '../lib/program.js';
import { Rest } from '../lib/rest.js';
import { World } from '../lib/world.js';

/** Bytes of the large file, and of memory that it may take. */
const LARGE = Number(process.env.MIB ?? 200) * 2 ** 20;
const LITTLE = 24 * 2 ** 20;
const PIECE = Buffer.alloc(2 ** 16, 'chorus ');

describe('files of assets', () => {
  let [world, directory, project] = [];
  const env = { CHORUS_FILE_MIB: String(LARGE / 2 ** 20), CHORUS_PROJECT_MIB: String(LARGE / 2 ** 20 + 1) };

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'chorus-files-'));
    world = await World.start(['alice', 'bob', 'vera', 'mallory'], { env, args: ['--files', directory], listen: ['prodsight'] });
  });
  after(async () => {
    await world.stop();
    await rm(directory, { recursive: true });
  });
  beforeEach(async () => {
    project = await world.project(world.alice, world.bob, [world.vera, 'viewer']);
  });

  const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
  const upload = (person, name, raw, headers = {}, status = 201) => {
    const at = `/projects/${project.id}/assets/upload?name=${encodeURIComponent(name)}`;
    const sent = { raw, headers: { 'content-type': 'text/plain', ...headers } };
    return person.rest.ask('POST', at, sent).then((answer) => {
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      return answer.body;
    });
  };
  const kept = async () => (await readdir(directory)).filter((name) => name !== 'incoming').sort();
  const incoming = () => readdir(path.join(directory, 'incoming'));
  /** Asks the server again and again until it is so. */
  const until = (so, about) => {
    const look = async () => {
      while (!(await so())) await world.alice.rest.get('/healthz', { root: true });
    };
    return within(look(), about);
  };

  test('a file is taken in, told, listed, and given out as it was', async () => {
    const page = await world.prodsight(world.vera);
    const asset = await upload(world.bob, 'plan „A“.txt', 'Forty bags.', { 'content-type': 'Text/Plain; charset=utf-8' });
    const { name, media_type, size, sha256 } = asset;
    assert.deepEqual([name, media_type, size, sha256], ['plan „A“.txt', 'text/plain', '11', hash('Forty bags.')]);
    assert.equal((await page.next('asset_update')).asset.url, `/api/v1/assets/${asset.id}/file`);
    const answer = await world.vera.rest.ask('GET', `/assets/${asset.id}/file`);
    assert.deepEqual([answer.status, answer.body], [200, 'Forty bags.']);
    const { headers } = answer;
    assert.equal(headers.get('content-type'), 'text/plain');
    assert.equal(headers.get('content-disposition'), "attachment; filename*=UTF-8''plan%20%E2%80%9EA%E2%80%9C.txt");
    assert.deepEqual([headers.get('content-security-policy'), headers.get('x-content-type-options')], ['sandbox', 'nosniff']);
    assert.equal(await readFile(path.join(directory, sha256), 'utf8'), 'Forty bags.');
    assert.equal((await world.vera.rest.get(`/projects/${project.id}/assets/totals`)).size, '11');
    const empty = await upload(world.bob, 'empty', '');
    assert.deepEqual([empty.size, (await world.bob.rest.ask('GET', `/assets/${empty.id}/file`)).body], ['0', '']);
  });

  test('names and types that mean harm are refused, and nothing is kept', async () => {
    const before = await kept();
    const harm = 'must be a file name without slashes and control characters, more than dots';
    for (const name of ['../../etc/passwd', '/etc/passwd', 'a\\b', '..', '.', 'a\nb', 'a\u202egpj.exe', 'a/../b']) {
      const { error } = await upload(world.bob, name, 'x', {}, 422);
      assert.deepEqual(error.fields, { name: harm }, JSON.stringify(name));
    }
    assert.deepEqual((await upload(world.bob, 'x'.repeat(256), 'x', {}, 422)).error.fields, { name: 'must be 255 characters or less' });
    assert.deepEqual((await upload(world.bob, 'a\u0000b', 'x', {}, 422)).error.fields, { name: 'must be text without NUL characters' });
    assert.deepEqual((await upload(world.bob, ' ', 'x', {}, 422)).error.fields, { name: 'is required' });
    for (const type of ['nonsense', 'a/b/c', 'text/', '/', 'text/<b>', `text/${'x'.repeat(200)}`]) {
      const { error } = await upload(world.bob, 'a', 'x', { 'content-type': type }, 422);
      assert.deepEqual(error.fields, { media_type: 'must be a media type such as image/png' }, type);
    }
    const form = await upload(world.bob, 'a', 'x', { 'content-type': 'multipart/form-data; boundary=x' }, 415);
    assert.equal(form.message, 'Send the file itself as the body, not a form');
    await world.bob.rest.refused(422, 'POST', `/projects/${project.id}/assets`, { body: { name: '../x' } });
    assert.deepEqual([await kept(), await incoming()], [before, []]);
  });

  test('who may not is refused before a byte is taken', async () => {
    await upload(world.vera, 'a', 'x', {}, 403);
    await upload(world.mallory, 'a', 'x', {}, 404);
    await new Rest(world.server.url).refused(401, 'POST', `/projects/${project.id}/assets/upload?name=a`, { raw: 'x' });
    const asset = await upload(world.bob, 'a', 'secret');
    await world.mallory.rest.refused(404, 'GET', `/assets/${asset.id}/file`);
    await new Rest(world.server.url).refused(401, 'GET', `/assets/${asset.id}/file`);
    const bare = await world.bob.rest.post(`/projects/${project.id}/assets`, { name: 'b', sha256: asset.sha256 });
    assert.equal(bare.sha256, null, 'nobody names the content of another');
    assert.equal((await world.bob.rest.refused(404, 'GET', `/assets/${bare.id}/file`)).message, 'File not found');
  });

  test('the same request again gets the same asset, the same content is kept once', async () => {
    const key = { 'idempotency-key': 'upload-1' };
    const first = await upload(world.bob, 'a', 'same', key);
    assert.deepEqual(await upload(world.bob, 'a', 'same', key), first);
    assert.equal((await upload(world.bob, 'a', 'other', key, 422)).error.code, 'key_reused');
    const second = await upload(world.alice, 'b', 'same');
    assert.deepEqual([second.sha256, (await kept()).filter((name) => name === first.sha256).length], [first.sha256, 1]);
  });

  /** A request that sends `pieces` of a file and goes on as told. */
  const begin = (person, pieces) => {
    const at = `${world.server.url}/api/v1/projects/${project.id}/assets/upload?name=cut`;
    const headers = { authorization: `Bearer ${person.token}`, 'content-type': 'application/octet-stream', 'content-length': LARGE };
    const request = http.request(at, { method: 'POST', headers });
    request.on('error', () => {});
    for (let piece = 0; piece < pieces; piece += 1) request.write(PIECE);
    return request;
  };

  test('uploads that are cut in the middle leave nothing', async () => {
    const before = await kept();
    const requests = Array.from({ length: 8 }, () => begin(world.bob, 16));
    await until(async () => (await incoming()).length === 8, 'eight files that come in');
    for (const request of requests) request.destroy();
    await until(async () => (await incoming()).length === 0, 'their end');
    assert.deepEqual([await kept(), await world.bob.rest.get(`/projects/${project.id}/assets`)], [before, []]);
  });

  test('a server that is killed in the middle has nothing left of it when it is back', async () => {
    const lost = await upload(world.bob, 'gone', 'gone soon');
    await world.bob.rest.delete(`/assets/${lost.id}`);
    const stays = await upload(world.bob, 'stays', 'stays here');
    const request = begin(world.bob, 16);
    await until(async () => (await incoming()).length === 1, 'a file that comes in');
    await world.server.kill();
    request.destroy();
    assert.deepEqual([(await incoming()).length, (await kept()).includes(lost.sha256)], [1, true]);
    await world.server.restart();
    assert.deepEqual(await incoming(), []);
    const names = await kept();
    assert.deepEqual([names.includes(lost.sha256), names.includes(stays.sha256)], [false, true]);
    assert.equal((await world.bob.rest.ask('GET', `/assets/${stays.id}/file`)).body, 'stays here');
  });

  test(`${LARGE / 2 ** 20} MiB in and out with little memory; more is refused`, async (t) => {
    const memory = async (line) => {
      const status = await readFile(`/proc/${world.server.pid}/status`, 'utf8');
      return Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(status)[1]) * 1024;
    };
    const pieces = async function* (bytes) {
      for (let sent = 0; sent < bytes; sent += PIECE.length) yield PIECE;
    };
    const send = (bytes) => fetch(`${world.server.url}/api/v1/projects/${project.id}/assets/upload?name=large`, {
      method: 'POST', duplex: 'half', body: ReadableStream.from(pieces(bytes)),
      headers: { authorization: `Bearer ${world.bob.token}`, 'content-type': 'video/mp4' },
    });
    // From here on the peak is counted anew (proc(5), clear_refs).
    await writeFile(`/proc/${world.server.pid}/clear_refs`, '5');
    const before = await memory('VmRSS');
    const answer = await within(send(LARGE), 'the large file taken in', 120_000);
    const asset = await answer.json();
    assert.deepEqual([answer.status, asset.size], [201, String(LARGE)]);
    const out = await fetch(`${world.server.url}/api/v1/assets/${asset.id}/file`, { headers: { authorization: `Bearer ${world.bob.token}` } });
    assert.equal(out.headers.get('content-length'), String(LARGE));
    const sum = createHash('sha256');
    for await (const piece of out.body) sum.update(piece);
    assert.equal(sum.digest('hex'), asset.sha256);
    const grown = (await memory('VmHWM')) - before;
    assert.ok(grown < LITTLE, `${grown} bytes more`);
    t.diagnostic(`told: ${LARGE / 2 ** 20} MiB in and out, ${Math.round(grown / 1024)} KiB of memory more`);
    const names = await kept();
    const { error } = await upload(world.bob, 'more', Buffer.alloc(2 ** 20 + 1), {}, 413);
    assert.deepEqual(error, { code: 'file_too_large', message: 'The file is larger than 1048576 bytes' });
    await upload(world.bob, 'fits', Buffer.alloc(2 ** 20));
    await upload(world.bob, 'none', 'x', {}, 413);
    assert.deepEqual([(await kept()).length - names.length, await incoming()], [1, []]);
  });
});

test('without a directory no files are kept', async () => {
  const world = await World.start(['alice']);
  try {
    const { error } = await world.alice.rest.refused(404, 'POST', `/projects/${world.alice.home.id}/assets/upload?name=a`, { raw: 'x' });
    assert.equal(error.code, 'no_files');
  } finally {
    await world.stop();
  }
});

test('the demo keeps files as long as it runs', async () => {
  const place = await mkdtemp(path.join(tmpdir(), 'chorus-demo-test-'));
  const demo = new Program(['demo', '--listen', '127.0.0.1:0'], { TMPDIR: place });
  try {
    const [url] = /http:\S+/.exec(await demo.line(/^listening on .* \(native\)$/));
    const login = { username: 'alice', password: 'chorus-demo' };
    const answer = await new Rest(url).ask('POST', '/auth/login', { body: login });
    const alice = new Rest(url, answer.body.access_token);
    const [project] = await alice.get('/projects');
    const at = `/projects/${project.id}/assets/upload?name=plan.txt`;
    const { status, body } = await alice.ask('POST', at, { raw: PIECE, headers: { 'content-type': 'text/plain' } });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(body.size, String(PIECE.length));
    assert.notDeepEqual(await readdir(place), []);
    assert.equal((await demo.signal('SIGTERM')).code, 0);
    assert.deepEqual(await readdir(place), [], 'nothing is left of it');
  } finally {
    await demo.signal('SIGKILL');
    await rm(place, { recursive: true });
  }
});

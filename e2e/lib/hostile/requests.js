// Bytes of HTTP, and requests to a session that is polled.

import assert from 'node:assert/strict';
import { connect } from 'node:net';

import { deferred, within } from '../deadline.js';
import { RawSocket } from '../raw.js';
import { until } from './answers.js';
import { PolledSession, http } from './polled.js';

const ENGINE = '/socket.io/?EIO=4&transport=polling';
const RAW = '/api/v1/ws/native';
const HOST = 'Host: chorus\r\nConnection: close\r\n';
const get = (path, fields = '', method = 'GET') => `${method} ${path} HTTP/1.1\r\n${HOST}${fields}\r\n`;
const post = (path, fields, body) => `POST ${path} HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
const upgrade = (fields) => `Host: chorus\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n${fields}`;
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const opening = (path, fields) => `GET ${path} HTTP/1.1\r\n${upgrade(fields)}\r\n`;
const refused = (reason) => ({ [`engine_requests_refused/${reason}`]: 1 });

/** `[what it is, bytes, the status; null for an end without an answer, what counts, what is amiss]`. */
export const REQUESTS = [
  ['half a request line, then the end', 'GET /socket', null],
  ['a head without its end, then the end', `GET ${ENGINE} HTTP/1.1\r\n${HOST}`, null],
  ['noise', '\x16\x03\x01\x02\x00\x01\r\n\r\n', 400],
  ['an HTTP version that is none', 'GET / HTTP/9.9\r\n\r\n', 400],
  ['a method that is none', get('/', '', 'G@T'), 400],
  ['a field without a colon', get(ENGINE, 'x y\r\n'), 400],
  ['a field with a NUL', get(ENGINE, 'X: a\x00b\r\n'), 400],
  ['a head of 60 KiB', get(`${ENGINE}&EIO=3`.replace('EIO=4&', ''), `X: ${'x'.repeat(60_000)}\r\n`), 400, refused('unsupported_protocol')],
  ['a head of 140 KB', get(ENGINE, `X: ${'x'.repeat(140_000)}\r\n`), 431],
  ['a head of 300 KB', get(ENGINE, `X: ${'x'.repeat(300_000)}\r\n`), 431],
  ['more than 100 fields', get(ENGINE, 'X: x\r\n'.repeat(200)), 431],
  ['a path of 60 KB', get(`/${'x'.repeat(60_000)}`), 404],
  ['a length that is no number', post(ENGINE, 'Content-Length: x\r\n', ''), 400],
  ['a length below 0', post(ENGINE, 'Content-Length: -1\r\n', ''), 400],
  ['two lengths that differ', post(ENGINE, 'Content-Length: 1\r\nContent-Length: 2\r\n', 'xx'), 400],
  ['a transfer coding that is none', post(ENGINE, 'Transfer-Encoding: rot13\r\n', 'xx'), 400],
  ['EIO 3', get('/socket.io/?EIO=3&transport=polling'), 400, refused('unsupported_protocol')],
  ['no EIO', get('/socket.io/?transport=polling'), 400, refused('unsupported_protocol')],
  ['no transport', get('/socket.io/?EIO=4'), 400, refused('unknown_transport')],
  ['an odd transport', get('/socket.io/?EIO=4&transport=pigeon'), 400, refused('unknown_transport')],
  ['a session that is none', get(`${ENGINE}&sid=none`), 400, refused('unknown_session')],
  ['a session of 5,000 bytes', get(`${ENGINE}&sid=${'s'.repeat(5_000)}`), 400, refused('unknown_session')],
  ['a handshake by POST', post(ENGINE, 'Content-Length: 0\r\n', ''), 400, refused('bad_method')],
  ['a handshake by DELETE', get(ENGINE, '', 'DELETE'), 400, refused('bad_method')],
  ['a query of more than 8 KiB', get(`${ENGINE}&token=${'x'.repeat(9_000)}`), 400, refused('bad_request')],
  ['a query of 65 parameters', get(`${ENGINE}${'&a=b'.repeat(63)}`), 400, refused('bad_request')],
  ['a WebSocket handshake without an upgrade', get('/socket.io/?EIO=4&transport=websocket'), 400, refused('bad_request')],
  ['a WebSocket without a key', opening('/socket.io/?EIO=4&transport=websocket', 'Sec-WebSocket-Version: 13\r\n'), 400, refused('bad_request')],
  ['a WebSocket of version 8', opening('/socket.io/?EIO=4&transport=websocket', `${KEY}Sec-WebSocket-Version: 8\r\n`), 400, refused('bad_request')],
  ['a raw socket by POST', post(RAW, 'Content-Length: 0\r\n', ''), 400, refused('bad_request')],
  ['a raw socket without an upgrade', get(RAW), 400, refused('bad_request')],
  ['a raw socket without a token', opening(RAW, `${KEY}Sec-WebSocket-Version: 13\r\n`), 403, { 'handshakes_refused/not_authenticated': 1 }],
  ['a raw socket with a token that is none', opening(`${RAW}?token=x`, `${KEY}Sec-WebSocket-Version: 13\r\n`), 403, { 'handshakes_refused/invalid_token': 1 }],
  ['a raw socket with a query of more than 8 KiB', opening(`${RAW}?token=${'x'.repeat(9_000)}`, `${KEY}Sec-WebSocket-Version: 13\r\n`), 400, refused('bad_request')],
].map(([what, bytes, code, counts = {}]) => ({
  what,
  answer: () => (code === null ? 'the connection ends' : `${code}`),
  counts: () => counts,
  run: async (_, { server }) => assert.equal(await status(server, bytes, code === null), code),
}));

/** Sends bytes, and the end of the stream if they `stop` early; the status, null without one. */
export function status({ port }, bytes, stop) {
  const answer = deferred();
  const chunks = [];
  const stream = connect({ host: '127.0.0.1', port });
  stream.on('data', (chunk) => chunks.push(chunk));
  // A server that refuses before it has read all may reset; what it said before that counts.
  stream.on('error', () => {});
  stream.on('close', () => {
    const said = /^HTTP\/1\.1 (\d{3}) /.exec(Buffer.concat(chunks).toString('latin1'));
    answer.resolve(said ? Number(said[1]) : null);
  });
  // A server need not answer who has hung up: only what is cut off ends so.
  stream.write(Buffer.from(bytes, 'latin1'));
  if (stop) stream.end();
  return within(answer.promise, 'the end of a bare stream').finally(() => stream.destroy());
}

const pathOf = (session) => session.url.slice(session.url.indexOf('/socket.io'));
const at = (session) => ({ port: new URL(session.url).port });
const goesOn = (code) => ({ code, over: false });
const over = (code, reason) => ({ code, over: true, counts: { [`sessions_ended/${reason}`]: 1 } });

/** Requests to a polled session: what is sent, the status, and whether the session is over then. */
export const SESSIONS = [
  ['a request by PUT', (session) => session.ask('3', 'PUT'), goesOn(400)],
  ['a request by DELETE', (session) => session.ask(undefined, 'DELETE'), goesOn(400)],
  ['its id with EIO 3', (session) => http(session.url.replace('EIO=4', 'EIO=3')), goesOn(400)],
  ['its id with an odd transport', (session) => http(session.url.replace('=polling', '=pigeon')), goesOn(400)],
  ['its id for a WebSocket without an upgrade', (session) => http(session.url.replace('=polling', '=websocket')), goesOn(400)],
  ['a query of more than 8 KiB', (session) => http(`${session.url}&t=${'x'.repeat(9_000)}`), goesOn(400)],
  ['a poll while one is held', async (session) => {
    // Whichever comes second is refused.
    const both = await Promise.all([session.ask(), session.ask()]);
    return both.find(({ status: code }) => code !== 200);
  }, over(400, 'poll_conflict')],
  ['a post while one is read', async (session) => {
    const both = await Promise.all([session.ask('3'), session.ask('3')]);
    return both.find(({ status: code }) => code !== 200) ?? both[0];
  }, goesOn(200)],
  ['a length shorter than its body', async (session, door) => {
    const body = `42${door.prefix}["ping"]`;
    const fields = `Content-Length: ${body.length - 2}\r\n`;
    return { status: await status(at(session), post(pathOf(session), fields, body)) };
  }, over(400, 'malformed')],
  ['a length longer than its body, then the end', async (session, door) => {
    const body = door.question;
    const fields = `Content-Length: ${body.length + 2}\r\n`;
    return { status: await status(at(session), post(pathOf(session), fields, body), true) };
  }, over(400, 'transport_error')],
  ['chunks that are none', async (session) => {
    const bytes = post(pathOf(session), 'Transfer-Encoding: chunked\r\n', 'zz\r\nnoise\r\n');
    return { status: await status(at(session), bytes) };
  }, over(400, 'malformed')],
  ['a chunk without its end, then the end', async (session) => {
    const bytes = post(pathOf(session), 'Transfer-Encoding: chunked\r\n', '5\r\n42');
    return { status: await status(at(session), bytes, true) };
  }, over(400, 'transport_error')],
  ['an empty body', (session) => session.ask(''), over(400, 'malformed')],
  ['a body of more than 1,000,000 bytes', (session) => session.ask('x'.repeat(1_000_001)), over(413, 'too_large')],
].map(([what, send, { code, over: ended, counts = {} }]) => ({
  what,
  answer: () => `${code ?? 'no answer'}; the session ${ended ? 'is over' : 'goes on'}`,
  counts: () => counts,
  async run(door, { server, mallory }) {
    const session = await PolledSession.open(server.url, mallory.token, { idle: true });
    await door.greet(session, mallory);
    const answer = await within(send(session, door), what);
    assert.equal(answer.status, code);
    assert.equal((await session.ask('3')).status, ended ? 400 : 200, ended ? 'it is over' : 'it goes on');
    session.destroy();
  },
}));

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** Requests with the id of a session that was never polled. */
export const STRAYS = [
  ['polled', (url) => http(url)],
  ['posted to', (url) => http(url, { method: 'POST', body: '41' })],
  ['opened as a WebSocket once more', (url) => http(url.replace('=polling', '=websocket'), { headers: UPGRADE })],
].map(([what, send]) => ({
  what,
  answer: () => '400; the session goes on',
  counts: () => refused('bad_request'),
  async run(door, { server, mallory }) {
    const raw = await RawSocket.open(server.url, mallory.token);
    const { sid } = JSON.parse((await raw.next()).slice(1));
    const answer = await within(send(`${server.url}${ENGINE}&sid=${sid}`), what);
    assert.equal(answer.status, 400);
    assert.deepEqual(await until(await door.connect(raw, mallory), door), []);
    raw.destroy();
  },
}));

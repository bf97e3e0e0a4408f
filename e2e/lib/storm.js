// A client in a reconnect loop: a token that is dead, a new TCP connection for every attempt, and
// the next attempt whatever became of the last. Pages do no better: they keep their connections
// for requests, but open one for each WebSocket.

import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';

import { within } from './deadline.js';
import { envelopeClaims } from './envelope.js';
import { RawSocket } from './raw.js';
import { claimsOf, mint, nowSeconds } from './tokens.js';

const CLOSE = 8;
const NOTHING = Buffer.alloc(0);

/** The token of somebody who was away for too long, good in every dialect until then. */
export const deadToken = ({ name, id }) =>
  mint(claimsOf(name, envelopeClaims({ uid: id, exp: nowSeconds() - 60 })));

/**
 * The ways in, each an attempt that says all that a stock client says up to its giving up, and
 * resolves to what it was told: the status and the body, or the packet.
 */
export const DOORS = {
  'envelope, raw': (url, token) => upgraded(`${url}/api/v1/ws/connect?token=${token}`),
  'native, raw': (url, token) => upgraded(`${url}/api/v1/ws/native?token=${token}`),
  'taskmanager, websocket': (url, token) => overSocket(url, token, '40'),
  'native, websocket': (url, token) => overSocket(url, '', `40/native,{"token":"${token}"}`),
  'taskmanager, polling': (url, token) => overPolls(url, `&token=${token}`, '40'),
  'native, polling': (url, token) => overPolls(url, '', `40/native,{"token":"${token}"}`),
};

/**
 * Attempts at `perSecond` for `seconds`, paced by the clock and not by the answers. Resolves when
 * the last was answered to how often each answer was given.
 */
export async function storm(attempt, { perSecond, seconds }) {
  const all = perSecond * seconds;
  const began = performance.now();
  const told = new Map();
  const count = (answer) => told.set(answer, (told.get(answer) ?? 0) + 1);
  const open = new Set();
  for (let begun = 0; begun < all; ) {
    const due = Math.min(all, Math.ceil(((performance.now() - began) * perSecond) / 1000));
    for (; begun < due; begun += 1) {
      const one = attempt().then(count, ({ message }) => count(message));
      open.add(one);
      one.finally(() => open.delete(one));
    }
    if (begun < all) await nextMillisecond();
  }
  await Promise.all(open);
  return { told: [...told], millis: performance.now() - began };
}

/** The clock is what paces attempts; nothing is waited for by it. */
const nextMillisecond = () => new Promise((resolve) => setTimeout(resolve, 1));

/** A raw WebSocket, which is refused before it is one. */
async function upgraded(url) {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  };
  const { status, body, stream } = await ask('GET', url, { headers, agent: false });
  stream.destroy();
  return `${status} ${body}`;
}

/** Socket.IO over a WebSocket: the opening, CONNECT, its answer, and the good-bye. */
async function overSocket(url, token, connect) {
  let raw;
  try {
    raw = await RawSocket.open(url, token);
  } catch (error) {
    if (error.refusal) return error.refusal;
    throw error;
  }
  await raw.next();
  raw.sendText(connect);
  const answer = await raw.next();
  raw.sendFrame(CLOSE, NOTHING);
  await raw.closed();
  return answer;
}

/** Socket.IO over polling: a poll waits on one connection while CONNECT is posted on another. */
async function overPolls(url, query, connect) {
  const agent = new Agent({ keepAlive: true });
  const path = `${url}/socket.io/?EIO=4&transport=polling${query}`;
  try {
    const opening = await ask('GET', path, { agent });
    if (opening.status !== 200) return `${opening.status} ${opening.body}`;
    const session = `${path}&sid=${JSON.parse(opening.body.slice(1)).sid}`;
    const [poll] = await Promise.all([ask('GET', session, { agent }), ask('POST', session, { agent }, connect)]);
    await ask('POST', session, { agent }, '1');
    return poll.body;
  } finally {
    agent.destroy();
  }
}

/** One request: its status, its body, and the stream that it came on. */
function ask(method, url, options, body) {
  const answer = new Promise((resolve, reject) => {
    const asked = request(url, { method, ...options });
    asked.on('error', reject);
    asked.on('response', (response) => {
      const { socket: stream } = response;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (more) => (text += more));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, body: text, stream }));
    });
    asked.end(body);
  });
  return within(answer, `the answer to ${method} ${new URL(url).pathname}`);
}

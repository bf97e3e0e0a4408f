// The conformance server, and links to it that say exactly what they are told: no heartbeat is
// answered, no packet is read but those that a test asks for.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import WebSocket from 'ws';

import { deferred, within } from './deadline.js';

const BINARY =
  process.env.CONFORMANCE_BIN ??
  fileURLToPath(new URL('../../target/debug/examples/conformance', import.meta.url));

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Conformance {
  #child;
  #exited = deferred();
  #errors = [];

  /** Starts a server with these settings and waits until it listens. */
  static async start(env = {}) {
    const server = new Conformance();
    await server.#spawn(env);
    return server;
  }

  /** Ends it. Fails if it wrote to its standard error, where panics go, anything but `expected`. */
  async stop(expected) {
    this.#child.kill('SIGTERM');
    await within(this.#exited.promise, 'the end of the conformance server');
    const complaints = this.#errors.filter((line) => !expected?.test(line));
    assert.deepEqual(complaints, [], 'the server complained');
  }

  /** One request; resolves to `{ status, type, body }`. `onSent` is told when it was written. */
  async http(method, path, { body, headers = {}, signal, onSent = () => {} } = {}) {
    const answer = deferred();
    const asked = request(`${this.url}${path}`, { method, headers, signal, agent: false });
    asked.on('error', answer.reject);
    asked.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', answer.reject);
      response.on('end', () =>
        answer.resolve({
          status: response.statusCode,
          type: response.headers['content-type'],
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    asked.end(body, onSent);
    return within(answer.promise, `the answer to ${method} ${path}`);
  }

  async #spawn(env) {
    const child = spawn(BINARY, [], {
      // Nothing of the surroundings: settings are what the test says.
      env: { PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    const url = deferred();
    child.once('error', url.reject);
    child.once('exit', () => {
      running.delete(child);
      url.reject(new Error(`${BINARY} ended: ${this.#errors.join('\n')}`));
      this.#exited.resolve();
    });
    createInterface({ input: child.stderr }).on('line', (line) => this.#errors.push(line));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = /^listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line);
      if (said) url.resolve(said[1]);
    });
    this.url = await within(url.promise, 'the conformance server listening');
  }
}

/** A session that is polled. */
export class Polled {
  /** Opens one at `path`, such as `/engine.io/`. */
  static async open(server, path) {
    const polled = new Polled();
    polled.server = server;
    const { status, body } = await server.http('GET', `${path}?EIO=4&transport=polling`);
    assert.equal(status, 200);
    polled.opening = body;
    polled.handshake = JSON.parse(body.slice(1));
    polled.sid = polled.handshake.sid;
    polled.query = `${path}?EIO=4&transport=polling&sid=${polled.sid}`;
    polled.upgrade = `${path}?EIO=4&transport=websocket&sid=${polled.sid}`;
    return polled;
  }

  /** A session in the namespace `/`, its greeting read. */
  static async connected(server) {
    const polled = await Polled.open(server, '/socket.io/');
    await polled.says('40');
    let heard = '';
    while (!heard.includes('42["auth"')) heard += await polled.hears();
    return polled;
  }

  /** Polls. */
  get(options) {
    return this.server.http('GET', this.query, options);
  }

  /** Posts. */
  post(body) {
    return this.server.http('POST', this.query, { body });
  }

  /** Posts what must be taken. */
  async says(body) {
    const { status, body: answer } = await this.post(body);
    assert.deepEqual([status, answer], [200, 'ok']);
  }

  /** The packets of the next poll, which must be answered. */
  async hears() {
    const { status, body } = await this.get();
    assert.equal(status, 200);
    return body.split('\x1e');
  }

  /** Polls in a way that is surely held: it was written, and others were served after that. */
  async held(options) {
    const sent = deferred();
    const answer = this.get({ ...options, onSent: sent.resolve });
    // Whoever awaits the answer sees how it ends; until then it may have failed already.
    answer.catch(() => {});
    await within(sent.promise, 'a poll being written');
    for (let turn = 0; turn < 3; turn += 1) {
      const neighbour = await Polled.open(this.server, '/engine.io/');
      await neighbour.says('1');
    }
    return { answer };
  }

  /** Checks that the session is no more. */
  async gone() {
    assert.equal((await this.get()).status, 400, 'a poll of a session that is gone');
    assert.equal((await this.post('4x')).status, 400, 'a post to a session that is gone');
  }
}

/** A WebSocket with a queue of what it hears: texts as strings, binary messages as buffers. */
export class Linked {
  #messages = [];
  #waiting = [];
  #closed = deferred();

  /** Opens one. */
  static async open(server, path) {
    const linked = new Linked();
    const opened = deferred();
    linked.socket = new WebSocket(`${server.url}${path}`.replace('http', 'ws'), {
      perMessageDeflate: false,
    });
    linked.socket.on('open', opened.resolve);
    linked.socket.on('error', opened.reject);
    linked.socket.on('message', (bytes, binary) => linked.#hear(binary ? bytes : `${bytes}`));
    linked.socket.on('close', (code) => linked.#end(code));
    await within(opened.promise, 'a WebSocket');
    return linked;
  }

  /** A session of Engine.IO at `path`; its handshake is in `handshake`. */
  static async session(server, path) {
    const linked = await Linked.open(server, `${path}?EIO=4&transport=websocket`);
    const opening = await linked.next();
    assert.equal(opening[0], '0');
    linked.handshake = JSON.parse(opening.slice(1));
    return linked;
  }

  /** A client in a namespace, its greeting read; `payload` is what its CONNECT carries. */
  static async connected(server, namespace = '/', payload = '') {
    const linked = await Linked.session(server, '/socket.io/');
    linked.prefix = namespace === '/' ? '' : `${namespace},`;
    linked.say(`40${linked.prefix}${payload}`);
    const accepted = await linked.next();
    assert.ok(accepted.startsWith(`40${linked.prefix}{"sid":`), accepted);
    linked.id = JSON.parse(accepted.slice(2 + linked.prefix.length)).sid;
    assert.equal(await linked.next(), `42${linked.prefix}["auth",${payload || '{}'}]`);
    return linked;
  }

  /** Says something, text or bytes. */
  say(message) {
    this.socket.send(message);
  }

  /** The next message. Heartbeats are answered and left out if `alive`. */
  async next({ alive = false } = {}) {
    for (;;) {
      const message = await this.#take();
      if (!alive || message !== '2') return message;
      this.say('3');
    }
  }

  /** The close code that the server ends with. */
  closed() {
    return within(this.#closed.promise, 'the end of a WebSocket');
  }

  /** Ends it. */
  close() {
    this.socket.terminate();
  }

  #take() {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    const waiting = deferred();
    this.#waiting.push(waiting);
    return within(waiting.promise, 'a message');
  }

  #hear(message) {
    if (this.#waiting.length > 0) this.#waiting.shift().resolve(message);
    else this.#messages.push(message);
  }

  #end(code) {
    this.#closed.resolve(code);
    this.#waiting.splice(0).forEach((one) => one.reject(new Error(`closed with ${code}`)));
  }
}

/** The HTTP status with which a WebSocket is refused. */
export async function refusedSocket(server, path) {
  const status = deferred();
  const socket = new WebSocket(`${server.url}${path}`.replace('http', 'ws'));
  socket.on('unexpected-response', (_, response) => {
    status.resolve(response.statusCode);
    response.destroy();
  });
  socket.on('open', () => status.reject(new Error('it was opened')));
  socket.on('error', status.reject);
  return within(status.promise, 'the refusal of a WebSocket');
}

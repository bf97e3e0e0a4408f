// The real server, in a directory and on a database of its own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { deferred, within } from './deadline.js';

/** The binary under test. */
export const BINARY =
  process.env.CHORUS_BIN ??
  fileURLToPath(new URL('../../target/debug/chorus', import.meta.url));

/** Dialects that the binary does not have, each with the program that does. */
const EXAMPLES = { wall: path.join(path.dirname(BINARY), 'examples', 'wall') };

/** What every server of these tests signs tokens with, so that tests can sign their own. */
export const SECRET = 'a secret for the end-to-end tests alone';

/** Lines of the server's log that are kept for the report of a failure. */
const KEPT_LINES = 200;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Server {
  #child;
  #exited;
  #directory;
  #options;
  #log = [];
  #panics = [];
  /** The addresses of further listeners, by dialect. */
  urls = {};

  /**
   * Starts a server and waits until it listens.
   * `options.env` is added to its environment, `options.args` to its arguments;
   * `options.dialect` is spoken in the namespace `/`, `taskmanager` if it is absent; for each
   * dialect in `options.listen` it has a listener more, whose address is in `urls`.
   * Its files are in a directory of its own in `options.directory`, or where temporary files are.
   */
  static async start(options = {}) {
    const server = new Server();
    server.#options = options;
    server.#directory = await mkdtemp(path.join(options.directory ?? tmpdir(), 'chorus-e2e-'));
    await server.#spawn(0);
    return server;
  }

  /** Its address without a path. */
  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The id of its process. */
  get pid() {
    return this.#child.pid;
  }

  /** The database, as it is named to commands beside the server. */
  get database() {
    return `sqlite:${path.join(this.#directory, 'chorus.db')}`;
  }

  /** The newest lines of its log. */
  get log() {
    return this.#log.join('\n');
  }

  /** Takes and returns what it said of panics: those that a test asked for. */
  takePanics() {
    return this.#panics.splice(0);
  }

  /** Resolves to `{ code, signal }` when the process has ended, for whatever reason. */
  get exited() {
    return this.#exited;
  }

  /**
   * Asks it to end, waits for that, and removes its directory. Fails if any of its code panicked,
   * whatever the clients saw of that.
   */
  async stop() {
    const ending = await this.end('SIGTERM');
    await rm(this.#directory, { recursive: true, force: true });
    assert.deepEqual(this.#panics, [], 'the server panicked');
    return ending;
  }

  /** Ends it in the middle of whatever it does; its database stays. */
  kill() {
    return this.end('SIGKILL');
  }

  /** Sends `signal` and waits for the end of the process. */
  async end(signal) {
    this.#child.kill(signal);
    return within(this.#exited, () => `the end of the server after ${signal}\n${this.log}`);
  }

  /** Starts again on the same database and the same port. `env` is for this run alone. */
  async restart(env = {}) {
    await within(this.#exited, 'the end of the server before its restart');
    await this.#spawn(this.port, env);
  }

  async #spawn(port, env = {}) {
    const { args = [], env: own = {}, dialect = 'taskmanager', listen: more = [] } = this.#options;
    const listen = [`127.0.0.1:${port}=${dialect}`, ...more.map((name) => `127.0.0.1:0=${name}`)];
    const listeners = listen.flatMap((one) => ['--listen', one]);
    const program = EXAMPLES[dialect] ?? BINARY;
    const child = spawn(program, ['serve', ...listeners, '--database', this.database, ...args], {
      cwd: this.#directory,
      // Nothing of the surroundings but the path: settings are what the test says.
      env: { PATH: process.env.PATH, JWT_SECRET: SECRET, CHORUS_LOG: 'info', ...own, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    const exited = deferred();
    this.#exited = exited.promise;
    child.once('error', (error) => exited.resolve({ error }));
    child.once('exit', (code, signal) => {
      running.delete(child);
      exited.resolve({ code, signal });
    });
    this.urls = Object.fromEntries(await this.#listening(child, listen.length));
    this.port = Number(new URL(this.urls[dialect]).port);
  }

  /** The dialect and the address of each of its `count` listeners. */
  async #listening(child, count) {
    const keep = (line) => {
      this.#log.push(line);
      if (line.includes('panicked')) this.#panics.push(line);
      if (this.#log.length > KEPT_LINES) this.#log.shift();
    };
    createInterface({ input: child.stderr }).on('line', keep);
    const lines = createInterface({ input: child.stdout });
    const [found, all] = [[], deferred()];
    lines.on('line', (line) => {
      keep(line);
      const said = /^listening on (http:\/\/127\.0\.0\.1:\d+) \((\w+)\)$/.exec(line);
      if (said) found.push([said[2], said[1]]);
      if (found.length === count) all.resolve(found);
    });
    this.#exited.then((how) => {
      all.reject(new Error(`${child.spawnfile} ended: ${JSON.stringify(how)} ${how.error ?? ''}\n${this.log}`));
    });
    return within(all.promise, () => `the server listening\n${this.log}`);
  }
}

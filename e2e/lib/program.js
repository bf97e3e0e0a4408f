// A program as a person runs it at a terminal or in a script: arguments, lines in, lines out.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { deferred, within } from './deadline.js';
import { BINARY } from './server.js';

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Program {
  #child;
  #exited = deferred();
  #unread = [];
  #waiting = [];
  /** Every line that it printed. */
  lines = [];
  /** What it wrote to standard error. */
  errors = '';

  /**
   * Starts the server's binary, or another, in the directory `cwd`; `env` is all of its environment
   * but the path.
   */
  constructor(args, env = {}, binary = BINARY, cwd = undefined) {
    this.about = [path.basename(binary), ...args].join(' ');
    this.#child = spawn(binary, args, { cwd, env: { PATH: process.env.PATH, ...env } });
    running.add(this.#child);
    this.#child.stderr.on('data', (text) => (this.errors += text));
    // A program that ended does not read what is said; the test sees that by what does not come.
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
    this.#child.once('error', this.#exited.reject);
    this.#child.once('close', (code, signal) => {
      running.delete(this.#child);
      this.#exited.resolve({ code, signal });
    });
  }

  /** The first unread line that `pattern` matches, now or when it comes; earlier lines are read. */
  line(pattern) {
    const at = this.#unread.findIndex((line) => pattern.test(line));
    if (at >= 0) return Promise.resolve(this.#unread.splice(0, at + 1).at(-1));
    const waiting = { pattern, ...deferred() };
    this.#waiting.push(waiting);
    return within(waiting.promise, () => `${pattern} from ${this.about}\n${this}`);
  }

  /** The next line that is an object with these keys. */
  async json(key, value) {
    const line = await this.line(new RegExp(`"${key}":${JSON.stringify(value)}`));
    return JSON.parse(line);
  }

  /** Called with every line that it prints. */
  onLine = () => {};

  /** Reads no more of what it prints, as `head` does when it has enough. */
  turnAway() {
    this.#child.stdout.destroy();
  }

  /** Types a line. */
  type(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Types a line, and waits for a line that answers. */
  async ask(line, pattern) {
    this.type(line);
    return this.line(pattern);
  }

  /** Waits for its end: `{ code, signal }`. Its standard input ends first. `ms` is how long that may take. */
  ended(ms) {
    this.#child.stdin.end();
    return within(this.#exited.promise, () => `the end of ${this.about}\n${this}`, ms);
  }

  /** Sends a signal, and waits for its end. */
  async signal(name) {
    this.#child.kill(name);
    return this.ended();
  }

  toString() {
    return `${this.lines.join('\n')}\n${this.errors}`;
  }

  #read(line) {
    this.lines.push(line);
    this.onLine(line);
    this.#unread.push(line);
    const at = this.#waiting.findIndex(({ pattern }) => pattern.test(line));
    if (at < 0) return;
    this.#unread = [];
    this.#waiting.splice(at, 1)[0].resolve(line);
  }
}

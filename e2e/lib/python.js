// The stock Python client of Socket.IO, run by python/client.py in an environment of its own.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Ear } from './native.js';
import { Program } from './program.js';

const PYTHON = fileURLToPath(new URL('../python/.venv/bin/python', import.meta.url));
const SCRIPT = fileURLToPath(new URL('../python/client.py', import.meta.url));

export class PythonClient extends Ear {
  #program;

  constructor() {
    super();
    assert.ok(existsSync(PYTHON), `\`make e2e/python/.venv\` installs ${PYTHON}`);
    this.#program = new Program([SCRIPT], {}, PYTHON);
    this.#program.onLine = (line) => this.#read(JSON.parse(line));
  }

  /** Connects to the server at `url`; what transport it has in the end. `null` is the default. */
  connect(url, auth, transports) {
    return this.#order({ do: 'connect', url, auth, transports });
  }

  /** Says something; the arguments of its acknowledgement, null if it has none. */
  call(word, argument) {
    return this.#order({ do: 'call', word, argument });
  }

  /** Says goodbye. */
  disconnect() {
    return this.#order({ do: 'disconnect' });
  }

  /** Ends the program. */
  close() {
    return this.#program.signal('SIGKILL');
  }

  async #order(order) {
    this.#program.type(JSON.stringify(order));
    const { done, failed } = await this.next('(answer)');
    assert.equal(failed, undefined, `${order.do}: ${failed}\n${this.#program}`);
    return done;
  }

  #read({ heard, args, ...answer }) {
    if (heard === undefined) this.hear('(answer)', answer);
    else this.hear(heard, args.length === 1 ? args[0] : args);
  }
}

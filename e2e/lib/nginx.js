// nginx as it is installed, with the configuration of a recipe, in front of the servers of a test.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { deferred, within } from './deadline.js';

/** Debian's; it is not in the PATH of everybody. */
const NGINX = process.env.NGINX ?? '/usr/sbin/nginx';

/** One process, in the foreground, that writes nowhere but into its directory. */
const AROUND = `
daemon off;
master_process off;
pid nginx.pid;
events {}
http {
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include recipe.conf;
}
`;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A port of the loopback address that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Puts something else where a recipe has exactly one address. */
function swap(recipe, pattern, address) {
  const found = recipe.match(new RegExp(pattern, 'g')) ?? [];
  if (found.length !== 1) throw new Error(`${pattern} stands ${found.length} times in the recipe`);
  return recipe.replace(pattern, (_, before, after) => `${before}${address}${after}`);
}

export class Nginx {
  #child;
  #directory;
  #exited = deferred();
  #log = [];

  /**
   * Starts nginx with a recipe, in which nothing is changed but the addresses: where it listens,
   * and the ports of the old back end and of Chorus.
   */
  static async start(recipe, { old, chorus }) {
    const nginx = new Nginx();
    nginx.#directory = await mkdtemp(path.join(tmpdir(), 'chorus-nginx-'));
    nginx.port = await freePort();
    const [listen, ...others] = recipe.match(/^ *listen .*;\n/gm);
    let text = others.reduce((rest, line) => rest.replace(line, ''), recipe);
    text = text.replace(listen, `    listen 127.0.0.1:${nginx.port};\n`);
    text = swap(text, /(upstream old_back_end \{\s*server )\S+(;)/, `127.0.0.1:${old}`);
    text = swap(text, /(upstream chorus \{\s*server )\S+(;)/, `127.0.0.1:${chorus}`);
    await writeFile(path.join(nginx.#directory, 'recipe.conf'), text);
    await writeFile(path.join(nginx.#directory, 'nginx.conf'), AROUND);
    await nginx.#spawn();
    return nginx;
  }

  /** Its address without a path. */
  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The requests that it wrote down. */
  requests() {
    return readFile(path.join(this.#directory, 'access.log'), 'utf8');
  }

  /** Ends it and removes its directory. */
  async stop() {
    this.#child.kill('SIGTERM');
    await within(this.#exited.promise, () => `the end of nginx\n${this.#log.join('\n')}`);
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** It is told with this notice that the addresses are bound, and nothing is told later. */
  async #spawn() {
    const settings = ['-p', this.#directory, '-c', 'nginx.conf', '-e', 'stderr'];
    this.#child = spawn(NGINX, [...settings, '-g', 'error_log stderr notice;'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.add(this.#child);
    const ready = deferred();
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      this.#log.push(line);
      if (/ using the "\w+" event method/.test(line)) ready.resolve();
    });
    this.#child.once('error', this.#exited.resolve);
    this.#child.once('exit', this.#exited.resolve);
    this.#exited.promise.then((how) => {
      running.delete(this.#child);
      ready.reject(new Error(`${NGINX} ended: ${how}\n${this.#log.join('\n')}`));
    });
    await within(ready.promise, () => `nginx listening\n${this.#log.join('\n')}`);
  }
}

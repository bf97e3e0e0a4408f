// The database from outside: its disk, whoever else holds it, and what is in it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Program } from './program.js';

const PYTHON = process.env.PYTHON ?? 'python3';
const script = (name) => fileURLToPath(new URL(`../python/${name}.py`, import.meta.url));
const file = (server) => server.database.replace('sqlite:', '');

const mounted = new Set();
process.on('exit', () => mounted.forEach((disk) => disk.remove()));

/** A small disk in memory, with something on it that can be removed to make room. */
export class SmallDisk {
  /** One of so many bytes, of which so many can be freed; null where nobody may mount. */
  static of(bytes, ballast) {
    const disk = new SmallDisk();
    disk.directory = mkdtempSync(path.join(tmpdir(), 'chorus-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', disk.directory], { stdio: 'pipe' });
    } catch {
      rmSync(disk.directory, { recursive: true });
      return null;
    }
    mounted.add(disk);
    writeFileSync(disk.#ballast, Buffer.alloc(ballast));
    return disk;
  }

  /** Leaves room for nothing. */
  fill() {
    const file = openSync(this.#ballast, 'a');
    try {
      for (const piece = Buffer.alloc(512); ; ) writeSync(file, piece);
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Removes the ballast. */
  free() {
    rmSync(this.#ballast);
  }

  get #ballast() {
    return path.join(this.directory, 'ballast');
  }

  /** Gives it back, with all that is on it. */
  remove() {
    if (!mounted.delete(this)) return;
    execFileSync('umount', ['--lazy', this.directory]);
    rmSync(this.directory, { recursive: true });
  }
}

/** Another process that holds the database of a server for writing. */
export class Holder {
  static async of(server) {
    const holder = new Holder();
    holder.program = new Program([script('hold'), file(server)], {}, PYTHON);
    await holder.program.line(/^held$/);
    return holder;
  }

  /** Lets go of it. */
  async release() {
    const { code } = await this.program.ended();
    assert.deepEqual([code, this.program.lines.at(-1)], [0, 'released'], `${this.program}`);
  }
}

/**
 * Holds the rows of a server's database against its log: how many there were, and every `fault`. A
 * `statement` is run before and taken back after; with the directory `files` assets are held
 * against their files too.
 */
export async function inspect(server, { statement, files } = {}) {
  const args = [script('audit'), file(server), ...(statement ? [statement] : []), ...(files ? ['--files', files] : [])];
  const program = new Program(args, {}, PYTHON);
  const { code } = await program.ended();
  assert.equal(code, 0, `${program}`);
  return JSON.parse(program.lines[0]);
}

/** The same, where nothing may be wrong: no row without its event, no event without its row. */
export async function audit(server, options) {
  const { faults, ...counted } = await inspect(server, options);
  assert.deepEqual(faults, []);
  return counted;
}

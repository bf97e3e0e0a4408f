// Every conversation in e2e/transcripts, played against the real server over every transport, and
// the words of each dialect that they must have. What the files say is in e2e/transcripts/README.md.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Seen } from '../lib/transcript-covers.js';
import { TRANSPORTS } from '../lib/transcript-links.js';
import { readTranscript } from '../lib/transcript-parse.js';
import { play, speaksSocketIo } from '../lib/transcript-play.js';

const ROOT = path.relative(process.cwd(), fileURLToPath(new URL('../transcripts', import.meta.url)));
const LIST = 'covers.txt';

const dialects = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
assert.notEqual(dialects.length, 0, `there are folders in ${ROOT}`);

for (const { name: dialect } of dialects) {
  const folder = path.join(ROOT, dialect);
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt') && name !== LIST);

  describe(`transcripts of ${dialect}`, () => {
    const seen = new Seen();

    describe('conversations', { concurrency: 2 }, () => {
      for (const name of files) {
        const transcript = readTranscript(path.join(folder, name));
        for (const transport of speaksSocketIo(transcript) ? TRANSPORTS : [undefined]) {
          it(`${transcript.title}${transport ? ` over ${transport}` : ''}`, () =>
            play(transcript, dialect, transport, (...heard) => seen.note(...heard)));
        }
      }
    });

    it('have every word of the contract', () => {
      assert.ok(existsSync(path.join(folder, LIST)), `${folder} has a list of its words, ${LIST}`);
      assert.deepEqual(seen.differences(path.join(folder, LIST)), []);
    });
  });
}

// `chorus bench torture` in its short form: clients that are dropped, flooded and slow, a server that
// is killed, writers; and a verdict on what each client has heard.
//
// SEED is what chance follows from; without it, a fixed one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Program } from '../lib/program.js';

const SEED = process.env.SEED ?? '1';
/** To hear all that was written, however slow the machine is that this runs on. */
const LONG_MS = 180_000;

const RULES = [
  'the log has no hole',
  'what was acknowledged is in the log, once',
  'rows are what the log says',
  'no client lost anything',
  'no client heard anything twice',
  'every client heard all in order',
  'no client heard what is not for it',
  'every client heard what was written',
  'no client had to begin anew',
];

test('nothing is lost under torture', async (t) => {
  const size = ['--clients', '40', '--seconds', '8', '--kills', '2'];
  const program = new Program(['bench', 'torture', '--seed', SEED, ...size]);
  const { code } = await program.ended(LONG_MS);
  assert.equal(code, 0, `${program}`);
  const [head, what, ...verdicts] = program.lines;
  assert.equal(head, `seed ${SEED}: 40 clients, 8 writers, 2 kills in 8 s`);
  t.diagnostic(what);
  const found = verdicts.map((line) => /^ok {3}(.+): (\d+) looked at$/.exec(line).slice(1));
  assert.deepEqual(found.map(([rule]) => rule), RULES);
  assert.ok(found.every(([, count]) => Number(count) > 0), 'each rule was put to the test');
});

test('what it cannot do is refused with the rule', async () => {
  for (const [args, rule] of [
    [['--clients', '0'], /0 is not in 1\.\.=2000/],
    [['--seconds', '1000000'], /1000000 is not in 1\.\.=3600/],
    [['--kills', '1001'], /1001 is not in 0\.\.=1000/],
  ]) {
    const program = new Program(['bench', 'torture', ...args]);
    const { code } = await program.ended();
    assert.equal(code, 2);
    assert.match(program.errors, rule);
  }
});

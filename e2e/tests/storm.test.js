// Clients in a reconnect loop with a token that is dead: each attempt has its answer, on every way
// in, and whoever is there hears every change meanwhile. What it costs is for `proof.sh storm`.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { within } from '../lib/deadline.js';
import { Metrics } from '../lib/metrics.js';
import { Neighbours } from '../lib/neighbours.js';
import { DOORS, deadToken, storm } from '../lib/storm.js';
import { World } from '../lib/world.js';

/** Attempts in a second. */
const PACE = 100;
const REFUSED = 'chorus_handshakes_refused_total{reason="token_expired"}';
const BEYOND = { too_many_handshakes: 'Too many handshakes', too_many_refusals: 'Too many refused handshakes' };

/** What each way in answers to a token whose time is over. */
const REFUSALS = {
  'envelope, raw': '403 {"code":4401,"reason":"Authentication failed: 401: Token expired"}',
  'native, raw': '403 {"code":4401,"reason":"Token expired"}',
  'taskmanager, websocket': '44{"message":"Connection rejected by server"}',
  'native, websocket': '44/native,{"message":"Token expired"}',
  'taskmanager, polling': '44{"message":"Connection rejected by server"}',
  'native, polling': '44/native,{"message":"Token expired"}',
};

for (const [limit, env] of Object.entries({
  none: { CHORUS_REFUSAL_BURST: '5000' },
  too_many_handshakes: { CHORUS_HANDSHAKES_PER_SECOND: '1', CHORUS_HANDSHAKE_BURST: '20' },
  too_many_refusals: { CHORUS_REFUSALS_PER_SECOND: '1', CHORUS_REFUSAL_BURST: '20' },
})) {
  describe(`storm beyond ${limit}`, () => {
    let world;
    let neighbours;
    before(async () => {
      world = await World.start(['alice', 'bob'], { env });
      neighbours = await Neighbours.of(world);
    });
    after(async () => {
      neighbours.close();
      await world.stop();
    });

    const counted = async (sample) => (await Metrics.of(world.server.url)).value(sample);
    const tooMany = `429 {"code":4,"message":"${BEYOND[limit]}"}`;
    const throttledBy = async () => (BEYOND[limit] ? counted(`chorus_engine_requests_refused_total{reason="${limit}"}`) : 0);
    const nobodyLeft = async () => {
      while ((await counted('chorus_strangers')) > 0);
    };
    const loop = async (door, seconds) => {
      const token = deadToken(world.bob);
      const before = [await counted(REFUSED), await throttledBy()];
      const attempts = storm(() => DOORS[door](world.server.url, token), { perSecond: PACE, seconds });
      const [{ told }] = await Promise.all([attempts, neighbours.work(10 * seconds)]);
      const { [REFUSALS[door]]: refused = 0, [tooMany]: throttled = 0, ...others } = Object.fromEntries(told);
      assert.deepEqual(others, {}, 'no other answer');
      assert.equal(refused + throttled, PACE * seconds, 'an answer to each');
      assert.equal((await counted(REFUSED)) - before[0], refused);
      assert.equal((await throttledBy()) - before[1], throttled);
      await within(nobodyLeft(), 'the end of the last session');
      return { refused, throttled };
    };

    for (const door of Object.keys(REFUSALS)) {
      if (limit === 'none') {
        test(`${door}: refused every time`, async () => {
          assert.equal((await loop(door, 3)).throttled, 0);
        });
      } else {
        test(`${door}: throttled`, async () => {
          const { refused, throttled } = await loop(door, 1);
          assert.ok(throttled > refused, `${refused} refused, ${throttled} throttled`);
        });
      }
    }
  });
}

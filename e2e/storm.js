// What a client in a reconnect loop costs the server, on one way in: `node storm.js DOOR [SECONDS]`;
// without arguments, names the ways in. Others are at work meanwhile, and as long before without the
// loop: what the server took more with it is what the loop costs. Prints those seconds of CPU, and on
// a second line what was counted. Fails if they are more than 5 % of a core, if an attempt was let in
// or had no answer, or if somebody else missed a change.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { Neighbours } from './lib/neighbours.js';
import { DOORS, deadToken, storm } from './lib/storm.js';
import { World } from './lib/world.js';

const PER_SECOND = 400;
/** Of one core. */
const SHARE = 0.05;
/** Ticks of /proc in a second: USER_HZ, the same on every Linux. */
const TICKS = 100;
/** What a refusal looks like. */
const REFUSAL = /^(403 |429 |44)/;

/** User and system time of a process, in seconds: proc(5), fields 14 and 15 of `stat`. */
async function cpuSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / TICKS;
}

async function measure(door, seconds) {
  const world = await World.start(['alice', 'bob']);
  const neighbours = await Neighbours.of(world);
  // On a thread of its own, so that neighbours are late only if the server is.
  const work = { door, seconds, url: world.server.url, token: deadToken(world.bob) };
  const loop = new Worker(new URL(import.meta.url), { workerData: work });
  await once(loop, 'message');
  const at = [await cpuSeconds(world.server.pid)];
  await neighbours.work(seconds * 10);
  at.push(await cpuSeconds(world.server.pid));
  loop.postMessage('go');
  const [[{ told, millis }], deliveries] = await Promise.all([
    once(loop, 'message'),
    neighbours.work(seconds * 10),
  ]);
  at.push(await cpuSeconds(world.server.pid));
  neighbours.close();
  await world.stop();
  const alone = at[1] - at[0];
  return { alone, cpu: at[2] - at[1] - alone, told, lasted: millis / 1000, deliveries: deliveries.sort((a, b) => a - b) };
}

async function main(door, seconds = 20) {
  if (door === undefined) return console.log(Object.keys(DOORS).join('\n'));
  if (!Object.hasOwn(DOORS, door)) throw new Error(`no way in is called ${door}`);
  const { alone, cpu, told, lasted, deliveries } = await measure(door, seconds);
  const attempts = told.reduce((sum, [, count]) => sum + count, 0);
  const answers = told.map(([answer, count]) => `${count} × \`${answer}\``).join(', ');
  const at = (share) => deliveries[Math.floor((deliveries.length - 1) * share)].toFixed(0);
  console.log(cpu.toFixed(2));
  console.log(
    `${attempts} attempts in ${lasted.toFixed(1)} s: ${answers}; ` +
      `${((cpu / attempts) * 1e6).toFixed(0)} µs of CPU each, ${((cpu / seconds) * 100).toFixed(1)} % of a core, ` +
      `beside ${((alone / seconds) * 100).toFixed(1)} % for the work of the others; ${deliveries.length} deliveries to the others, each once, ` +
      `half within ${at(0.5)} ms, the slowest ${at(1)} ms; load ${loadavg()[0].toFixed(1)}`,
  );
  const refused = told.every(([answer]) => REFUSAL.test(answer));
  process.exitCode = refused && attempts === PER_SECOND * seconds && cpu <= SHARE * seconds ? 0 : 1;
}

if (isMainThread) {
  await main(process.argv[2], Number(process.argv[3] ?? 20));
} else {
  const { door, seconds, url, token } = workerData;
  parentPort.postMessage('ready');
  await once(parentPort, 'message');
  parentPort.postMessage(await storm(() => DOORS[door](url, token), { perSecond: PER_SECOND, seconds }));
  parentPort.close();
}

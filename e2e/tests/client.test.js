// `chorus client` against the real server: the tours, two people who talk by hand, the watch, and
// what it says when something is wrong.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Program } from '../lib/program.js';
import { World } from '../lib/world.js';

let world;
before(async () => (world = await World.start(['alice', 'bob'])));
after(() => world.stop());

const client = (action, ...args) =>
  new Program(['client', ...action.split(' '), '--url', world.server.url, ...args]);

/** A client that obeys what is typed, as this person. */
const talk = (person, ...args) => client('interactive', '--token', person.token, ...args);

const TOURS = [
  ['native', 29],
  ['native --raw', 29],
  ['native --transport polling', 29],
  ['taskmanager', 29],
  ['taskmanager --transport polling', 29],
  ['flux', 25],
  ['flux --transport polling', 25],
  ['prodsight', 21],
  ['prodsight --transport polling', 21],
  ['skybuild', 24],
  ['skybuild --transport polling', 24],
  ['envelope', 10],
];

for (const [how, steps] of TOURS) {
  test(`the tour of ${how} passes`, async () => {
    const tour = client('demo', '--dialect', ...how.split(' '));
    const { code } = await tour.ended();
    assert.equal(code, 0, `${tour}`);
    assert.equal(tour.lines.at(-1), `all ${steps} steps passed`);
    const passed = tour.lines.filter((line) => line.startsWith('ok   '));
    assert.equal(passed.length, steps);
  });
}

test('the tour of one dialect fails where another is spoken, and says at which word', async () => {
  const server = new Program(['demo', '--listen', '127.0.0.1:0']);
  try {
    const [url] = /http:\S+/.exec(await server.line(/^listening on .* \(native\)$/));
    const args = ['client', 'demo', '--url', url, '--dialect', 'taskmanager', '--namespace', '/'];
    const tour = new Program(args);
    const { code } = await tour.ended();
    assert.equal(code, 1, `${tour}`);
    const failed = tour.lines.filter((line) => line.startsWith('FAIL '));
    assert.equal(failed.length, 1);
    assert.match(failed[0], /expected connected with \/user_id = \d+, .*; got connected \{.*"cursor"/);
    assert.match(tour.errors, /^chorus: 1 of \d+ steps failed\n$/);
  } finally {
    await server.signal('SIGTERM');
  }
});

test('two people talk by hand in a room that nobody has made', async () => {
  const alice = talk(world.alice, '--dialect', 'envelope');
  const bob = talk(world.bob, '--dialect', 'envelope');
  await bob.ask('join channel:harbour', /^<- user_joined .*"sender":"bob"/);
  await alice.ask('join channel:harbour', /^<- user_joined .*"sender":"alice"/);
  await bob.line(/^<- user_joined .*"sender":"alice"/);
  alice.type('send channel:harbour The ferry is late.');
  assert.match(await bob.line(/^<- message/), /"content":"The ferry is late\."/);
  await bob.ask('send channel:elsewhere hello', /^<- error .*Not a member of room/);
  await bob.ask('typing 1 on', /^! the dialect envelope has no word for that$/);
  await bob.ask('task update 1', /^! write: task update TASK FIELD=VALUE/);
  await alice.ask('ping', /^<- pong/);
  alice.type('quit');
  assert.deepEqual(await alice.ended(), { code: 0, signal: null });
  await bob.line(/^<- user_left .*"sender":"alice"/);
  assert.equal((await bob.ended()).code, 0);
  assert.ok(![...alice.lines, ...bob.lines].some((line) => line.includes('\x1b')), 'no colours');
});

test('what one does in the words of one dialect the other hears in those of another', async () => {
  const project = await world.project(world.alice, world.bob);
  const alice = talk(world.alice, '--dialect', 'taskmanager', '--transport', 'polling');
  const bob = talk(world.bob, '--dialect', 'native', '--raw');
  await bob.ask(`join ${project.id}`, /^<- answer .*"ok":true/);
  await alice.line(/^<- connected/);
  alice.type(`task create ${project.id} Hire the ferry`);
  const told = await bob.line(/^<- task\.created #\d+ /);
  const { id } = JSON.parse(told.slice(told.indexOf('{'))).payload.task;
  await alice.ask(`task update ${id} title=Hire two ferries priority=high`, /^<- task_updated/);
  assert.match(await bob.line(/^<- task\.updated/), /"new":"Hire two ferries"/);
  await bob.ask(`task status ${id} done`, /^<- answer .*"ok":true/);
  await alice.line(/^<- task_status_changed .*"new_status":"completed"/);
  await alice.ask(`typing ${id} on`, /^<- answer$/);
  await bob.line(/^<- typing .*"typing":true/);
  await bob.ask(`who ${project.id}`, /^<- answer .*"username":"alice"/);
  const row = await bob.ask('task list', /Hire two ferries/);
  assert.match(row, new RegExp(`^ *${id} +done +high +Hire two ferries +\\(project ${project.id}\\)$`));
  await alice.ask(`task delete ${id}`, /^<- task_deleted/);
  await bob.line(/^<- task\.deleted/);
  await bob.ask(`task status ${id} done`, /^<- answer .*"code":"not_found"/);
  assert.equal((await alice.ended()).code, 0);
  assert.equal((await bob.ended()).code, 0);
});

test('who is quiet sees answers alone', async () => {
  const project = await world.project(world.alice, world.bob);
  const [alice, bob] = [talk(world.alice), talk(world.bob)];
  await bob.ask(`join ${project.id}`, /^<- answer/);
  await alice.ask(`join ${project.id}`, /^<- answer/);
  alice.type('quiet');
  await alice.ask(`task create ${project.id} Unseen`, /^<- answer .*Unseen/);
  // What bob has heard was on its way to alice before she asked.
  await bob.line(/^<- task\.created .*Unseen/);
  await alice.ask('ping', /^<- answer \{"ok":true\}$/);
  alice.type('listen');
  await alice.ask(`task create ${project.id} Seen`, /^<- task\.created .*Seen/);
  assert.equal((await alice.ended()).code, 0);
  assert.equal((await bob.ended()).code, 0);
  const created = alice.lines.filter((line) => line.startsWith('<- task.created'));
  assert.equal(created.length, 1, `${alice}`);
});

test('the watch tells changes with their places in the log, and comes back', async () => {
  const { alice, server } = world;
  const project = await world.project(alice);
  const watch = client(`watch project:${project.id}`, '--json', '--token', alice.token);
  const open = await watch.json('connection', 'open');
  const answer = await alice.rest.ask('POST', '/tasks', {
    body: { project_id: project.id, title: 'Hire the ferry' },
  });
  const created = await watch.json('event', 'task.created');
  assert.equal(created.told.payload.task.id, answer.body.id);
  const cursor = answer.headers.get('chorus-cursor');
  assert.ok(cursor.endsWith(`-${created.sync_id}`), `${cursor} is where ${created.sync_id} is`);
  const { events } = await alice.rest.feed(open.cursor);
  assert.deepEqual(events[0], created.told, 'the feed goes on from the cursor of the watch');

  await server.end('SIGTERM');
  const lost = await watch.json('connection', 'lost');
  assert.match(lost.reason, /closed with 1001/);
  await server.restart();
  const again = await watch.json('connection', 'open');
  assert.notEqual(again.cursor, open.cursor);
  await alice.rest.patch(`/tasks/${answer.body.id}`, { status: 'done' });
  const changed = await watch.json('event', 'task.status_changed');
  assert.ok(changed.sync_id > created.sync_id);
  assert.deepEqual(await watch.signal('SIGINT'), { code: 0, signal: null });
});

test('a watch ends when nobody reads it any more', async () => {
  const { alice } = world;
  const project = await world.project(alice);
  const watch = client(`watch ${project.id}`, '--token', alice.token);
  await watch.line(/^watching project:/);
  watch.turnAway();
  await world.task(alice, project);
  assert.deepEqual(await watch.ended(), { code: 0, signal: null });
});

test('what is wrong is said in a sentence', async () => {
  const { url } = world.server;
  const token = ['--token', 'forged'];
  const wrong = [
    [1, /no server answers at http:\/\/127\.0\.0\.1:1: Connection refused/, ['--url', 'http://127.0.0.1:1', ...token]],
    [1, /this client speaks no TLS/, ['--url', 'https://127.0.0.1:1', ...token]],
    [1, /alice cannot log in: Invalid credentials/, ['--url', url, '--user', 'alice', '--password', 'wrong']],
    [1, /no terminal to ask for the password at; give --password/, ['--url', url, '--user', 'alice']],
    [1, /refuses the connection: Invalid token/, ['--url', url, ...token]],
    [1, /refuses the connection: HTTP 403, Invalid token/, ['--url', url, '--raw', ...token]],
    [1, /refuses the connection: Connection rejected by server/, ['--url', url, '--dialect', 'taskmanager', ...token]],
    [1, /refuses the connection: HTTP 403, Authentication failed: 401: Invalid token/, ['--url', url, '--dialect', 'envelope', ...token]],
    [1, /taskmanager is spoken over Socket\.IO alone/, ['--url', url, '--dialect', 'taskmanager', '--raw', ...token]],
    [2, /possible values: taskmanager, flux, prodsight, skybuild, envelope, native/, ['--url', url, '--dialect', 'klingon', ...token]],
    [2, /required arguments were not provided/, ['--url', url]],
  ];
  for (const [status, sentence, args] of wrong) {
    const program = new Program(['client', 'interactive', ...args]);
    const { code } = await program.ended();
    assert.match(program.errors, sentence);
    assert.equal(code, status, program.errors);
    assert.deepEqual(program.lines, [], 'nothing on standard output');
  }
  const watch = client('watch project:999999', '--token', world.alice.token);
  assert.equal((await watch.ended()).code, 1);
  assert.match(watch.errors, /^chorus: the server answers: not_found: Project not found\n$/);
});

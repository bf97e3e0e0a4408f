// The runner of transcripts fails where it should: each case is a conversation that is right but
// for one thing.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Seen } from '../lib/transcript-covers.js';
import { Different, match } from '../lib/transcript-match.js';
import { parseTranscript, Unreadable } from '../lib/transcript-parse.js';
import { Failure, play } from '../lib/transcript-play.js';

const FILE = fileURLToPath(new URL('../transcripts/envelope/runner.txt', import.meta.url));

const WELCOME = `alice < {"type":"connected","data":{"message":"Connected successfully","user_id":«alice»,
  "username":"alice"},"timestamp":«iso-micros-offset»}`;
const JOINED = `alice < {"type":"joined_room","room":"«room»","data":{"message":"Joined room «room:text»"},
  "timestamp":«iso-micros-offset»}`;
const CAME = `alice < {"type":"user_joined","room":"channel:1","sender":"alice",
  "data":{"user_id":«alice»,"username":"alice"},"timestamp":«iso-micros-offset»}`;
const PONG = 'alice < {"type":"pong","data":{"timestamp":«iso-micros-offset»},"timestamp":«iso-micros-offset»}';
const PING = 'alice > {"type":"ping"}';

const conversation = [
  '# A conversation\nThat is right.\n\n## Setup\n\npeople: alice\n',
  'alice connects /api/v1/ws/connect?token=«alice.token»',
  WELCOME,
  'alice > {"type":"join_room","room":"channel:1"}',
  JOINED.replace('"«room»"', '"«room:text»"'),
  CAME,
  PING,
  PONG,
].join('\n');

/** Plays the conversation with `wrong` in the place of `right`. */
const changed = (right, wrong) => {
  assert.ok(conversation.includes(right), right);
  return play(parseTranscript(conversation.replace(right, wrong), FILE), 'envelope');
};

/** The failure that this change must meet. */
const fails = (name, right, wrong, ...patterns) =>
  it(name, () =>
    assert.rejects(changed(right, wrong), (error) => {
      assert.ok(error instanceof Failure, error.stack);
      patterns.forEach((pattern) => assert.match(error.message, pattern));
      return true;
    }),
  );

describe('a conversation', { concurrency: 3 }, () => {
  it('passes as it is', () => changed(PING, PING));
  it('passes with its lines in a group, in any order', () =>
    changed(`${PING}\n${PONG}`, `${PING}\nalice > dance\n{ in any order\n${complaint('Invalid JSON format')}\n${PONG}\n}`));
  it('passes with silence that is kept', () => changed(PONG, `${PONG}\nalice . (silence)`));

  it('passes with a role that is given', () =>
    changed(PING, `alice becomes director\nalice GET /auth/me -> 200 {"role":"director",…}\n${PING}`));

  it('passes with a role that somebody has from the start', () =>
    changed('people: alice\n', 'people: alice=crew\n\nalice GET /auth/me -> 200 {"role":"crew",…}\n'));

  fails('with another role from the start', 'people: alice\n', 'people: alice=king\n', /runner\.txt:6: .*king/s);
  fails('with another role than was given', PING, 'alice becomes director\nalice GET /auth/me -> 200 {"role":"crew",…}',
    /\$\.role is "director", not "crew"/);
  fails('with a role that there is not', PING, 'alice becomes king', /runner\.txt:16: .*king/s);
  fails('with a role for nobody', PING, 'bob becomes director', /there is no bob among the people/);
  fails('with a key that does not come', '"username":"alice"}', '"username":"alice","age":7}',
    /runner\.txt:9: \$\.data has no "age"/, /expected: alice < \{"type":"connected"/, /actual: {3}\{"data":/);
  fails('without a key that comes', '"sender":"alice",', '', /\$ has "sender" too/);
  fails('with a text for a number', '"user_id":«alice»', '"user_id":"«alice»"', /\$\.data\.user_id is \d+, not "«alice»"/);
  fails('with a time of another form', 'alice < {"type":"pong","data":{"timestamp":«iso-micros-offset»',
    'alice < {"type":"pong","data":{"timestamp":«iso-millis-z»', /is "2[^"]*", not of the type iso-millis-z/);
  fails('with another value', '"sender":"alice"', '"sender":"bob"', /\$\.sender is "alice", not "bob"/);
  fails('with another value for a name', '"room":"channel:1","sender"', '"room":«alice»,"sender"',
    /\$\.room is "channel:1", not «alice»/);
  fails('in another order', `${CAME}\n${PING}\n${PONG}`, `${PING}\n${PONG}\n${CAME}`, /\$ has "room" too/, /actual: {3}\{.*"type":"user_joined"/);
  fails('without a line in the middle', `${CAME}\n`, '', /\$ has "room" too/, /actual: {3}\{.*"type":"user_joined"/);
  fails('without its last line', `${PING}\n${PONG}`, PING, /runner\.txt:end/, /actual: {3}\{.*"type":"pong"/);
  fails('with silence that is broken', PONG, 'alice . (silence)', /actual: {3}\{.*"type":"pong"/);
  fails('with a line unread at the end', `${PING}\n${PONG}`, 'alice > {"type":"dance"}', /Unknown message type/);
  fails('with a line that never comes', PONG, `${PONG}\n${PONG}`, /nothing came/);
  fails('with another answer of REST', PING, 'alice GET /projects -> 404', /HTTP 200/);
  fails('with another end', `${PING}\n${PONG}`, `alice > {"type":"«x*1048577»"}\nalice < (closed 1008)`,
    /actual: {3}\(closed 1009/);
  fails('with a name that was not seen', PING, 'alice > {"type":«unseen»}', /«unseen» was not seen before/);
});

function complaint(text) {
  return `alice < {"type":"error","data":{"error":"${text}"},"timestamp":«iso-micros-offset»}`;
}

describe('a transcript', () => {
  const unreadable = (lines, pattern) =>
    assert.throws(() => parseTranscript(`# Title\nAbout.\n\n## Setup\n${lines}`, 'file'), (error) => {
      assert.ok(error instanceof Unreadable);
      assert.match(error.message, pattern);
      return true;
    });

  it('is refused where no form fits', () => {
    unreadable('people: alice=', /^file:5: no line of a transcript: people: alice=/);
    unreadable('alice becomes a director', /^file:5: no line of a transcript: alice becomes a director/);
    unreadable('alice says hello', /^file:5: no line of a transcript: alice says hello/);
    unreadable('{ in any order\nalice < 41', /^file:5: the group has no end/);
    unreadable('{ in any order\nalice > 41\n}', /^file:6: only what is heard/);
    unreadable('alice < {"type":"pong",…}', /^file:5: every key/);
    unreadable('alice > 40\npeople: alice', /^file:6: "people:" must come before/);
    assert.throws(() => parseTranscript('no title', 'file'), Unreadable);
  });

  it('has long lines that go on indented, comments, and lines that several hear', () => {
    const { steps } = parseTranscript('# T\nA.\n\n## S\n# said\nalice, bob < 42["a",\n    1]  # twice\n', 'file');
    assert.deepEqual(steps.map(({ who, text, line }) => [who, text, line]), [
      ['alice', '42["a",1]', 6],
      ['bob', '42["a",1]', 6],
    ]);
  });
});

describe('a line', () => {
  const fits = (expected, actual, names = new Map()) => {
    match(expected, actual, names);
    return Object.fromEntries(names);
  };

  it('fits in each dialect', () => {
    fits('42/api,["error",{"message":"Access denied to project"}]', '42/api,["error",{"message":"Access denied to project"}]');
    fits('44{"message":"Connection rejected by server"}', '44{"message":"Connection rejected by server"}');
    fits('42["pong",{"timestamp":«float-seconds»}]', '42["pong",{"timestamp":1795257725.25}]');
    fits('42["a",{"at":«iso-millis-z»}]', '42["a",{"at":"2026-11-20T10:32:44.697Z"}]');
    fits('42["a",«uuid»]', '42["a","26524be8-b5b0-4177-9ec9-8655ce9b6246"]');
    const bound = fits('42["a","project_«project:int»",«project»]', '42["a","project_7",7]');
    assert.deepEqual(bound, { project: 7 });
  });

  it('does not fit another type, namespace or value', () => {
    const misfits = (expected, actual) => assert.throws(() => fits(expected, actual), Different);
    misfits('42/api,["a"]', '42["a"]');
    misfits('431[]', '432[]');
    misfits('42["a",«float-seconds»]', '42["a",1055.77]');
    misfits('42["a",«uuid»]', '42["a","26524be8"]');
    misfits('42["a",«iso-millis-z»]', '42["a","2026-11-20T10:32:44.697123Z"]');
    misfits('42["a",«iso-micros»]', '42["a","2026-11-20T10:32:44.697123Z"]');
    misfits('42["a",[1,2]]', '42["a",[2,1]]');
    misfits('42["a",null]', '42["a",0]');
    misfits('42["a",«id:int»,«id»]', '42["a",1,2]');
    misfits('(closed 4401 "reason")', '(closed 4401 "another")');
    misfits('HTTP 403 {"code":4401}', 'HTTP 403 {"code":4429}');
  });
});

it('a list of words differs where a word is missing, unlisted, or marked in vain', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chorus-e2e-'));
  try {
    const list = path.join(folder, 'covers.txt');
    writeFileSync(list, '< joined: Joined *\n< joined: Left *\n> join\n< told  later: chat\n< never  later: chat\n');
    const seen = new Seen();
    seen.note('>', 'socketio', '42["join",{}]');
    seen.note('<', 'socketio', '42["joined",{"message":"Joined 7"}]');
    seen.note('<', 'socketio', '42["told",{}]');
    seen.note('<', 'socketio', '42["surprise",{}]');
    assert.deepEqual(seen.differences(list), [
      `${list}:2: no transcript has it: < joined: Left *`,
      `${list}:4: is seen, and still marked "later": < told  later: chat`,
      `${list}: has not what was heard: socketio < surprise`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

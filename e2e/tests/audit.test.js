// The audit of a database finds what is wrong: each table that the log tells of is damaged in each way
// that the rules of python/audit.py are there for.

import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { audit, inspect } from '../lib/store.js';
import { World } from '../lib/world.js';

describe('the audit', () => {
  let [world, files, asset] = [];

  before(async () => {
    files = await mkdtemp(path.join(tmpdir(), 'chorus-audit-'));
    world = await World.start(['alice', 'bob', 'carol'], { args: ['--files', files] });
    const project = await world.project(world.alice, world.bob);
    await work(project);
    await budget(project);
    await talk(project);
    await invite(project);
    await leave();
    await world.alice.rest.patch('/users/me', { full_name: 'Alice B.' });
  });
  after(async () => {
    await world.stop();
    await rm(files, { recursive: true });
  });

  /** A request that must be done. */
  const done = async (person, method, path, options) => {
    const { status, body } = await person.rest.ask(method, path, options);
    assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };

  const work = async (project) => {
    const task = await world.task(world.alice, project, { assignee_id: world.bob.id, labels: ['wet'] });
    await world.alice.rest.patch(`/tasks/${task.id}`, { title: 'Again', status: 'done' });
    const comment = await world.bob.rest.post(`/tasks/${task.id}/comments`, { body: 'Well' });
    await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'What?', parent_id: comment.id });
    await world.bob.rest.post(`/projects/${project.id}/comments`, { body: 'At last' });
    await world.alice.rest.delete(`/tasks/${task.id}`, { headers: { 'idempotency-key': 'gone' } });
  };

  const budget = async (project) => {
    const line = { section: 'Frame', code: '03.1', description: 'Concrete', unit: 'm3', qty: 1, unit_price: '45.50' };
    const item = await world.alice.rest.post(`/projects/${project.id}/boq`, line);
    await world.alice.rest.patch(`/boq/${item.id}`, { qty: 2 });
    await world.bob.rest.post(`/projects/${project.id}/comments`, { body: 'Too dear', item_id: item.id });
    await done(world.alice, 'POST', '/boq/bulk', { body: { items: [{ id: item.id, qty: 3 }] } });
    const moved = await world.alice.rest.post(`/projects/${project.id}/boq`, { ...line, section: 'Roof' });
    await world.alice.rest.patch(`/boq/${moved.id}`, { section: 'Frame' });
    const category = await world.alice.rest.post(`/projects/${project.id}/budget`, { name: 'Cast', budgeted: 10 });
    await world.alice.rest.post(`/budget/${category.id}/entries`, { amount: 3, description: 'Hats' });
    await world.alice.rest.delete(`/budget/${category.id}`);
    const at = `/projects/${project.id}/assets/upload?name=`;
    asset = await done(world.bob, 'POST', `${at}plan`, { raw: 'Forty bags.' });
    const gone = await done(world.bob, 'POST', `${at}gone`, { raw: 'x' });
    await world.bob.rest.delete(`/assets/${gone.id}`);
  };

  const talk = async (project) => {
    const { rest } = world.alice;
    const open = await rest.post(`/projects/${project.id}/channels`, { name: 'general' });
    await rest.patch(`/channels/${open.id}`, { name: 'General' });
    const say = (fields) => rest.post(`/channels/${open.id}/messages`, fields);
    const first = await say({ content: 'Hello @bob', metadata: { mood: 'good' } });
    await say({ content: 'Hello again', parent_id: first.id });
    await rest.patch(`/messages/${first.id}`, { content: 'Hallo' });
    const last = await say({ content: 'Oops' });
    for (const emoji of ['👍', '👎']) await done(world.bob, 'POST', `/messages/${first.id}/reactions`, { body: { emoji } });
    await done(world.bob, 'DELETE', `/messages/${first.id}/reactions/${encodeURIComponent('👎')}`);
    await done(world.bob, 'POST', `/channels/${open.id}/read`, { body: { message_id: first.id } });
    await done(world.bob, 'POST', `/channels/${open.id}/read`, { body: {} });
    await rest.delete(`/messages/${last.id}`);
    const few = await rest.post(`/projects/${project.id}/channels`, { name: 'few', is_private: true });
    await rest.post(`/channels/${few.id}/members`, { user_id: world.bob.id });
    await rest.delete(`/channels/${few.id}/members/${world.bob.id}`);
    await rest.post(`/channels/${few.id}/members`, { user_id: world.bob.id });
    const brief = await rest.post(`/projects/${project.id}/channels`, { name: 'brief', is_private: true });
    await rest.delete(`/channels/${brief.id}`);
  };

  const invite = async (project) => {
    const ask = () => world.alice.rest.post(`/projects/${project.id}/invitations`, { email: 'carol@example.com' });
    await world.alice.rest.delete(`/invitations/${(await ask()).id}`);
    const answer = async (what) => {
      const { id } = await ask();
      await done(world.carol, 'POST', `/invitations/${id}/${what}`);
    };
    await answer('decline');
    await answer('accept');
    await world.alice.rest.post(`/projects/${project.id}/invitations`, { role: 'viewer' });
    await world.alice.rest.patch(`/projects/${project.id}/members/${world.carol.id}`, { role: 'viewer' });
    // What she was in ends with her place in the project.
    await world.alice.rest.post(`/channels/2/members`, { user_id: world.carol.id });
    await world.alice.rest.delete(`/projects/${project.id}/members/${world.carol.id}`);
  };

  const leave = async () => {
    const ends = await world.project(world.bob, world.carol);
    await world.bob.rest.post(`/projects/${ends.id}/channels`, { name: 'closed', is_private: true });
    await world.bob.rest.delete(`/projects/${ends.id}`);
  };

  test('finds nothing where all is well', async () => {
    const { rows, events } = await audit(world.server, { files });
    assert.deepEqual([rows, events], [31, 75]);
  });

  for (const [what, statement, found] of [
    ['a row without its event', 'update tasks set version = 3', /task 1 has version 3/],
    ['an item without its event', 'update items set version = 4 where id = 1', /item 1 has version 4/],
    ['a channel without its event', 'update channels set version = 3 where id = 1', /channel 1 has version 3/],
    ['a message without its event', 'update messages set version = 3 where id = 1', /message 1 has version 3/],
    ['a row that says something else', "update tasks set title = 'x'", /task 1 is not what was told of it last: title/],
    ['a list that says something else', "update tasks set labels = '[]'", /task 1 is not what was told of it last: labels/],
    ['an item that says something else', "update items set fields = json_set(fields, '$.qty', '9.000') where id = 1", /item 1 is not what was told of it last: qty/],
    ['a channel that says something else', "update channels set name = 'x' where id = 1", /channel 1 is not what was told of it last: name/],
    ['a private channel that is open to all', 'update channels set is_private = 0', /channel 2 is not what was told of it last: is_private/],
    ['a message that says something else', "update messages set content = 'x' where id = 1", /message 1 is not what was told of it last: content/],
    ['a message with something else beside it', "update messages set metadata = null where id = 1", /message 1 is not what was told of it last: metadata/],
    ['a message somewhere else', 'update messages set channel_id = 2 where id = 2', /message 2 is not what was told of it last: channel_id/],
    ['a hole in the log', 'delete from log where sync_id = 8', /after event 7 comes 9/],
    ['an event without its row', 'delete from comments', /comment 1 was told and is not there/],
    ['an answer to nothing', 'update comments set parent_id = null where id = 2', /comment 2 is not what was told of it last: parent_id/],
    ['a comment on something else', 'update comments set item_id = null where id = 4', /comment 4 is not what was told of it last: item_id/],
    ['an event without its message', 'delete from messages where id = 3', /message 3 was told and is not there/],
    ['an event in no room', 'delete from log_room where sync_id = 7', /event 7 is filed under \[\]/],
    ['a deletion that was not told', 'update projects set deleted_at = 1 where id = 1', /project 1: deleted True, told so False/],
    ['a message that is back', 'update messages set deleted_at = null', /message 3: deleted False, told so True/],
    ['a channel that is gone', 'update channels set deleted_at = 1 where id = 1', /channel 1: deleted True, told so False/],
    ['a notification that was not told', 'update notifications set id = 77 where id = 1', /notification 77/],
    ['a membership from nowhere', 'update memberships set from_id = 99999 where id = 1', /^membership 1 begins with event 99999/m],
    ['a membership of somebody else', 'update memberships set user_id = user_id % 4 + 1 where id = 2', /^membership 2 begins with event 2, /m],
    ['a membership as something else', "update memberships set role = 'admin' where role = 'member'", /^membership \d+ begins with event/m],
    ['a membership that was not told to end', 'update memberships set to_id = 5 where id = 1', /^membership 1 ends with event 5, which does not say so/m],
    ['a membership that goes on', "update memberships set to_id = null where role = 'viewer'", /^membership \d+ goes on after its end/m],
    ['a membership that is not there', 'delete from memberships where id = 1', /event 1 tells of a membership that is not there/],
    ['a place in a channel from nowhere', 'update channel_members set from_id = 1 where id = 1', /channel membership 1 begins with event 1, None/],
    ['a place in a channel that goes on', 'update channel_members set to_id = null where id = 4', /channel membership 4 goes on after its end/],
    ['a place in a channel that goes on after its channel', 'update channel_members set to_id = null where channel_id = 3', /channel membership \d+ goes on after its end/],
    ['a place in a channel that goes on after the project', 'update channel_members set to_id = null where channel_id = 4', /channel membership \d+ goes on after its end/],
    ['a place in a channel that is not there', 'delete from channel_members where id = 1', /tells of a channel membership that is not there/],
    ['a sign that was not told', "update reactions set emoji = '?'", /sign \? of \d+ under message 1 is either/],
    ['a sign that was taken away', 'delete from reactions', /sign 👍 of \d+ under message 1 is either/],
    ['a marker that says something else', 'update channel_reads set message_id = 1', /has read channel 1 to 1, and was told 3/],
    ['a marker that is not there', 'delete from channel_reads', /has read channel 1 to None, and was told 3/],
    ['an invitation that was taken up again', "update invitations set state = 'pending' where id = 1", /invitation 1 is .*'pending'.* told as .*'revoked'/],
    ['an invitation into something else', "update invitations set role = 'admin' where id = 4", /invitation 4 is .*'admin'/],
    ['an invitation that is not there', 'delete from invitations where id = 4', /invitation 4 was told and is not there/],
    ['an invitation that was not told', "insert into invitations select 99, project_id, email, null, role, state, x'00', inviter_id, 1, 1 from invitations limit 1", /invitation 99 is .* told as None/],
    ['somebody whom an invitation did not let in', "update log set kind = 'member.updated' where kind = 'member.added'", /invitation 3 was accepted, and \d+ is not in/],
    ['a person who is somebody else', "update users set role = 'admin' where full_name = 'Alice B.'", /user \d+ is not what was told of him last/],
    ['a sum that is wrong', "update totals set value = value + 1 where kind = 'boq_item' and section = '' and sum <> 'items'", /of boq_item '' in project \d+ is \d+, and was told as \d+/],
    ['a section that is not there', "insert into totals select project_id, kind, 'Roof', sum, value from totals where section = 'Frame'", /items of boq_item 'Roof' in project \d+ is 2, and was told as None/],
    ['items that are not counted', "update items set deleted_at = 1 where kind = 'boq_item'", /project \d+ has 0 of boq_item, and counts 2/],
    ['an answer of nothing', 'update kept_answers set sync_id = 99999', /the answer under gone is of event 99999/],
    ['an asset without its file', "update items set fields = json_set(fields, '$.sha256', 'ff') where kind = 'asset'", /asset \d+ has no file ff/],
  ]) {
    test(`finds ${what}`, async () => {
      const { faults } = await inspect(world.server, { statement, files });
      assert.match(faults.join('\n'), found);
    });
  }

  test('finds files that are not what they were', async () => {
    const file = path.join(files, asset.sha256);
    const damaged = async (damage, mend, found) => {
      await damage();
      try {
        assert.deepEqual((await inspect(world.server, { files })).faults, [found]);
      } finally {
        await mend();
      }
    };
    await damaged(() => rename(file, `${file}.away`), () => rename(`${file}.away`, file), `asset ${asset.id} has no file ${asset.sha256}`);
    const wrong = `the file of asset ${asset.id} is not what it was`;
    await damaged(() => appendFile(file, '!'), () => truncate(file, 11), wrong);
    await damaged(() => truncate(file, 10).then(() => appendFile(file, '!')), () => truncate(file, 10).then(() => appendFile(file, '.')), wrong);
    await audit(world.server, { files });
  });
});

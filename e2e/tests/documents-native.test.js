// The AsyncAPI document is what the native protocol does: a run through all requests on both
// channels, and everything that is answered and told, held to it.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Document } from '../lib/documents.js';
import { envelopeClaims } from '../lib/envelope.js';
import { NativeRaw, NativeSocket } from '../lib/native.js';
import { Rest } from '../lib/rest.js';
import { claimsOf, mint } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const NOWHERE = 999_999_999;
/** What no connection hears in a test: the heartbeat of Socket.IO takes 25 seconds. */
const NEVER_HEARD = { socketio: ['head'], raw: [] };

for (const [channel, Native] of [['socketio', NativeSocket], ['raw', NativeRaw]]) {
  describe(`AsyncAPI over ${channel}`, () => {
    let [world, directory, document, messages] = [];
    let [alice, bob, project] = [];
    const [asked, refused, told] = [new Set(), new Set(), new Set()];

    /** The schema of what a message carries beside its name. */
    const inside = (key) => {
      const payload = document.resolve(messages[key]).payload;
      return channel === 'raw' ? payload.properties.data : payload;
    };
    const ask = async (client, name, data, good = true) => {
      const wanted = messages[`reply.${name}`];
      assert.ok(wanted, `no reply to ${name} in the document`);
      if (good) document.check(inside(`ask.${name}`), data, `the argument of ${name}`);
      const answer = await client.ask(name, data);
      const { payload } = document.resolve(wanted);
      const whole = channel === 'raw' ? { type: 'reply', id: 1, ...answer } : answer;
      document.check(payload, whole, `the answer to ${name}`);
      assert.equal(answer.ok, good, `${name} ${JSON.stringify(data)}: ${JSON.stringify(answer)}`);
      (good ? asked : refused).add(name);
      return answer;
    };
    const hold = (name, argument) => {
      assert.ok(messages[name], `${name} is told, and not in the document`);
      document.check(inside(name), argument, `what ${name} tells`);
      told.add(name);
    };
    const next = async (client, name) => {
      const argument = await client.next(name);
      hold(name, argument);
      return argument;
    };

    before(async () => {
      directory = await mkdtemp(path.join(tmpdir(), 'chorus-documents-'));
      const options = { env: { WS_HEARTBEAT_INTERVAL: '1' }, args: ['--files', directory] };
      world = await World.start(['alice', 'bob', 'carol'], options);
      document = new Document(await world.alice.rest.get('/asyncapi.json'));
      ({ messages } = document.content.channels[channel]);
      project = await world.project(world.alice, world.bob);
      [alice, bob] = await Promise.all([Native.connected(world.alice), Native.connected(world.bob)]);
    });
    after(async () => {
      [alice, bob].forEach((client) => client?.close());
      await world.stop();
      await rm(directory, { recursive: true });
    });

    test('every request, done well, and all that is told of it', async () => {
      hold('connected', alice.welcome);
      const room = { room: `project:${project.id}` };
      await ask(alice, 'subscribe', room);
      await ask(bob, 'subscribe', room);
      await next(alice, 'presence');
      await ask(alice, 'who', { project_id: project.id });
      await ask(alice, 'who', {});
      await ask(alice, 'ping', {});

      const made = (await ask(alice, 'project.create', { name: 'Tower', status: 'active' })).data;
      await next(alice, 'project.created');
      await ask(alice, 'subscribe', { room: `project:${made.id}` });
      await ask(alice, 'project.update', { project_id: made.id, if_version: 1, description: 'High' });
      await next(alice, 'project.updated');
      const member = { project_id: made.id, user_id: world.carol.id };
      await ask(alice, 'member.add', { ...member, role: 'viewer' });
      await next(alice, 'member.added');
      await ask(alice, 'member.update', { ...member, role: 'admin' });
      await next(alice, 'member.updated');
      await ask(alice, 'member.remove', member);
      await next(alice, 'member.removed');
      await ask(alice, 'project.delete', { project_id: made.id });
      await next(alice, 'project.deleted');
      await next(alice, 'unsubscribed');

      const task = (await ask(alice, 'task.create', { project_id: project.id, title: 'Dig' })).data;
      await next(alice, 'task.created');
      const id = { task_id: task.id };
      const change = { title: 'Fill', status: 'done', assignee_id: world.bob.id };
      await ask(alice, 'task.update', { ...id, if_version: null, due_date: '2027-01-01', ...change, due_date: null });
      for (const kind of ['task.updated', 'task.status_changed', 'task.assigned']) await next(alice, kind);
      await next(bob, 'notification.created');
      await ask(bob, 'typing', id);
      await next(alice, 'typing');
      const comment = (await ask(alice, 'comment.create', { ...id, body: 'Hm' })).data;
      await next(alice, 'comment.created');
      const once = { comment_id: comment.id, body: 'Oh', if_version: 1, mutation_id: `oh-${channel}` };
      for (const replayed of [undefined, true]) {
        assert.equal((await ask(alice, 'comment.update', once)).replayed, replayed);
      }
      await next(alice, 'comment.updated');
      await ask(alice, 'comment.delete', { comment_id: comment.id });
      await next(alice, 'comment.deleted');
      const line = { kind: 'boq_item', project_id: project.id, description: 'Concrete', qty: '2.5' };
      const item = (await ask(alice, 'item.create', line)).data;
      await next(alice, 'item.created');
      const that = { kind: 'boq_item', item_id: item.id };
      await ask(alice, 'item.update', { ...that, if_version: 1, unit_price: 4 });
      await next(alice, 'item.updated');
      await ask(alice, 'items.update', { kind: 'boq_item', items: [{ id: item.id, if_version: null, qty: 3 }] });
      await next(alice, 'items.updated');
      await ask(alice, 'item.delete', { ...that, if_version: 3 });
      await next(alice, 'item.deleted');
      await world.bob.rest.ask('POST', `/projects/${project.id}/assets/upload?name=film`, { raw: Buffer.alloc(2 ** 20) });
      await next(alice, 'item.created');
      for (const state of ['arriving', 'done']) assert.equal((await next(alice, 'upload')).state, state);
      await ask(bob, 'notification.read', {});
      await ask(alice, 'task.delete', { ...id, if_version: 2 });
      await next(alice, 'task.deleted');
      await world.alice.rest.patch('/users/me', { full_name: 'Alice B.' });
      await next(alice, 'user.updated');
      const envelope = await world.envelope(world.bob);
      envelope.say({ type: 'join_room', ...room });
      envelope.say({ type: 'send_message', ...room, data: { content: 'hi' } });
      await next(alice, 'message');

      const lounge = (await ask(alice, 'channel.create', { project_id: project.id, name: 'general' })).data;
      await next(alice, 'channel.created');
      const where = { channel_id: lounge.id };
      await ask(alice, 'channel.update', { ...where, name: 'General', if_version: 1 });
      await next(alice, 'channel.updated');
      const spoken = { ...where, content: ' Hello ', metadata: { mood: 'good' } };
      const said = (await ask(alice, 'message.create', spoken)).data;
      await next(alice, 'message.created');
      const words = { message_id: said.id };
      await ask(bob, 'message.create', { ...where, content: 'Hi', parent_id: said.id });
      await next(alice, 'message.created');
      await ask(alice, 'message.update', { ...words, content: 'Hallo', if_version: 1 });
      await next(alice, 'message.updated');
      for (const [name, kind] of [['reaction.add', 'reaction.added'], ['reaction.remove', 'reaction.removed']]) {
        await ask(bob, name, { ...words, emoji: '👍' });
        await next(alice, kind);
      }
      await ask(alice, 'channel.read', { ...where, message_id: said.id });
      await next(alice, 'channel.read');
      await ask(alice, 'message.delete', words);
      await next(alice, 'message.deleted');
      await ask(alice, 'channel.delete', where);
      await next(alice, 'channel.deleted');
      const few = { project_id: project.id, name: 'few', is_private: true, description: null, task_id: null };
      const closed = { channel_id: (await ask(alice, 'channel.create', few)).data.id, user_id: world.bob.id };
      await ask(alice, 'channel.add', closed);
      await next(bob, 'channel.member_added');
      await ask(bob, 'subscribe', { room: `channel:${closed.channel_id}` });
      await ask(alice, 'channel.remove', closed);
      await next(bob, 'channel.member_removed');
      const carol = await Native.connected(world.carol);
      const invite = () => world.alice.rest.post(`/projects/${project.id}/invitations`, { email: 'carol@example.com' });
      for (const [who, what] of [[alice, 'revoke'], [carol, 'decline'], [carol, 'accept']]) {
        const { id: invitation } = await invite();
        await next(carol, 'invitation.created');
        await ask(who, `invitation.${what}`, { invitation_id: invitation });
        const state = { revoke: 'revoked', decline: 'declined', accept: 'accepted' }[what];
        await next(alice, `invitation.${state}`);
        const { error } = await ask(who, `invitation.${what}`, { invitation_id: invitation }, false);
        assert.equal(error.code, `invitation_${state}`);
      }
      carol.close();
      await world.alice.rest.delete(`/projects/${project.id}/members/${world.carol.id}`);
      await ask(alice, 'unsubscribe', room);
      await ask(alice, 'subscribe', { ...room, since: alice.welcome.cursor });
      if (channel === 'raw') {
        await ask(alice, 'resume', { since: alice.welcome.cursor, rooms: [room.room] });
        await ask(alice, 'resume', { since: 'nonsense', rooms: [`project:${made.id}`] });
        await next(alice, 'head');
      }
    });

    test('every argument has the fields, limits and words that the document says', async () => {
      const some = { project_id: project.id, task_id: 1, comment_id: 1, user_id: world.carol.id, channel_id: 1, message_id: 1, invitation_id: 1 };
      const more = { name: 'A', title: 'A', body: 'A', content: 'A', emoji: '👍', role: 'viewer', room: `project:${project.id}` };
      const items = { kind: 'boq_item', item_id: 1, description: 'A', items: [{ id: 1 }] };
      const base = { ...some, ...more, ...items };
      for (const key of Object.keys(messages).filter((key) => key.startsWith('ask.'))) {
        const name = key.slice(4);
        const mistakes = document.mistakes(inside(key), base);
        assert.equal(mistakes.length === 0, name === 'ping', `${name} has no rules in the document`);
        for (const { field, object } of mistakes) {
          const about = `${name} ${field} ${JSON.stringify(object).slice(0, 200)}`;
          assert.equal(document.test(inside(key), object).valid, false, `${about} is good by the document`);
          const { error } = await ask(bob, name, object, false);
          assert.ok(error.fields?.[field], `${about}: ${JSON.stringify(error)}`);
        }
      }
    });

    test('what is not there is refused', async () => {
      const ids = { project_id: NOWHERE, task_id: NOWHERE, comment_id: NOWHERE, user_id: NOWHERE };
      const base = { ...ids, title: 'A', body: 'A', role: 'viewer', room: `task:${NOWHERE}` };
      const named = (key) => Object.keys(document.fields(inside(`ask.${key}`)).properties);
      for (const name of ['subscribe', 'task.update', 'comment.update', 'project.delete', 'member.add', 'typing']) {
        const argument = Object.fromEntries(
          named(name).filter((field) => field in base).map((field) => [field, base[field]]),
        );
        const { error } = await ask(bob, name, argument, false);
        assert.equal(error.code, 'not_found', name);
      }
    });

    test('a fault that nobody asked an answer for, and a flood, are told as errors', async () => {
      const lone = await Native.connected(world.carol);
      const token = mint(claimsOf('root', envelopeClaims({ type: 'service' })));
      const service = new Rest(world.server.url, token);
      for (const durable of [true, false]) {
        await service.post('/events', { room: 'everyone', event: 'x', data: [durable], durable });
      }
      for (const name of ['custom', 'passing']) await next(lone, name);
      if (channel === 'socketio') {
        lone.socket.emit('task.create', {});
        assert.equal((await next(lone, 'error')).request, 'task.create');
      }
      for (let count = 0; count < 500; count += 1) {
        if (channel === 'raw') lone.socket.send('{"type":"ping"}');
        else lone.socket.emit('ping', {});
      }
      assert.equal((await next(lone, 'error')).error.code, 'refused');
      lone.close();
    });

    test('the ends of an account and of its tokens', async () => {
      await world.bob.rest.ask('POST', '/auth/logout-all');
      await next(bob, 'user.logged_out');
      const carol = await Native.connected(world.carol);
      await world.user('close', 'carol');
      await next(carol, 'user.deactivated');
    });

    test('nothing in the document was left out, and nothing of the contract is missing in it', async () => {
      const keys = Object.keys(messages);
      const requests = keys.filter((key) => key.startsWith('ask.')).map((key) => key.slice(4));
      assert.deepEqual(requests.filter((name) => !asked.has(name)), [], 'never asked');
      const mayFail = requests.filter((name) => name !== 'ping');
      assert.deepEqual(mayFail.filter((name) => !refused.has(name)), [], 'never refused');
      const names = keys.filter((key) => !/^(ask|reply)\./.test(key));
      const unheard = names.filter((name) => !told.has(name) && !NEVER_HEARD[channel].includes(name));
      assert.deepEqual(unheard, [], 'never told');
      const contract = await readFile(new URL('../../docs/protocol/native.md', import.meta.url), 'utf8');
      const rows = [...contract.matchAll(/^\| (`[a-z_.]+`(?:, `[a-z_.]+`)*) \|/gm)];
      const written = rows.flatMap(([, cell]) => cell.match(/[a-z_.]+/g));
      const all = new Set([...names, ...requests]);
      assert.ok(written.length > 30, `${written.length} names in the contract`);
      const alone = written.filter((name) => !all.has(name));
      assert.deepEqual(alone, channel === 'raw' ? [] : ['resume'], 'in the contract alone');
    });
  });
}

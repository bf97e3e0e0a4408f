// Channels and messages: over REST, in the words of the Project Manager app and of the native
// protocol; private channels, which nobody hears or reads who does not belong to them, also not
// in the feed and not by coming back.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { inRoom, offset, toOne } from '../lib/envelope.js';
import { NativeRaw, NativeSocket } from '../lib/native.js';
import { Proxy } from '../lib/proxy.js';
import { Returner } from '../lib/returner.js';
import { assertShape, flag, id, instant, nullable, text } from '../lib/shapes.js';
import { World } from '../lib/world.js';

const person = { id, username: text, full_name: text, email: nullable(text) };
const CHANNEL = {
  id,
  project_id: id,
  task_id: nullable(id),
  name: text,
  description: nullable(text),
  is_private: flag,
  creator_id: id,
  version: id,
  created_at: instant,
  updated_at: instant,
};
const MESSAGE = {
  id,
  channel_id: id,
  project_id: id,
  content: text,
  metadata: () => true,
  author_id: id,
  author: person,
  parent_id: nullable(id),
  replies: Number.isSafeInteger,
  reactions: Array.isArray,
  is_edited: flag,
  version: id,
  created_at: instant,
  updated_at: instant,
};
const kinds = (events) => events.map(({ kind }) => kind);

describe('channels and messages', () => {
  let world;
  let [project, general, closed] = [];
  const open = [];
  const native = async (who, Native = NativeSocket) => {
    const client = await Native.connected(who);
    open.push(client);
    return client;
  };
  const say = (who, channel, content, more) =>
    who.rest.post(`/channels/${channel.id}/messages`, { content, ...more });
  const channel = (who, name, more) =>
    who.rest.post(`/projects/${project.id}/channels`, { name, ...more });
  const take = (who, into, whom) => who.rest.post(`/channels/${into.id}/members`, { user_id: whom.id });

  before(async () => (world = await World.start(['alice', 'bob', 'carol', 'mallory'])));
  after(() => world.stop());
  beforeEach(async () => {
    project = await world.project(world.alice, world.bob, [world.carol, 'viewer']);
    general = await channel(world.alice, 'general');
    // alice and bob belong to it; carol sees the project, mallory does not.
    closed = await channel(world.alice, 'closed', { is_private: true });
    await take(world.alice, closed, world.bob);
  });
  afterEach(() => {
    open.splice(0).forEach((client) => client.close());
    world.closeClients();
  });

  describe('REST', () => {
    test('a channel: made, listed, changed and deleted', async () => {
      assertShape(general, CHANNEL);
      const task = await world.task(world.alice, project);
      const about = await channel(world.bob, 'about it', { task_id: task.id, description: 'More' });
      assert.deepEqual([about.task_id, about.description, about.is_private], [task.id, 'More', false]);
      const list = async (who, path) => (await who.rest.get(path)).map(({ id: one }) => one);
      assert.deepEqual(await list(world.bob, `/projects/${project.id}/channels`), [general.id, closed.id, about.id]);
      assert.deepEqual(await list(world.carol, `/channels/project/${project.id}`), [general.id, about.id]);
      assert.deepEqual(await list(world.bob, `/channels?task_id=${task.id}`), [about.id]);
      assert.deepEqual(await list(world.mallory, '/channels'), []);
      const changed = await world.alice.rest.patch(`/channels/${about.id}`, { name: 'About', description: null });
      assert.deepEqual([changed.name, changed.description, changed.version], ['About', null, 2]);
      await world.bob.rest.delete(`/channels/${about.id}`);
      await world.bob.rest.refused(404, 'GET', `/channels/${about.id}`);
    });

    test('who may not', async () => {
      const path = `/projects/${project.id}/channels`;
      await world.carol.rest.refused(403, 'POST', path, { body: { name: 'mine' } });
      await world.mallory.rest.refused(404, 'POST', path, { body: { name: 'mine' } });
      await world.bob.rest.refused(403, 'DELETE', `/channels/${general.id}`);
      for (const [method, where] of [['GET', ''], ['DELETE', ''], ['GET', '/messages'], ['GET', '/members'], ['GET', '/read']]) {
        await world.carol.rest.refused(404, method, `/channels/${closed.id}${where}`);
        await world.root.rest.refused(404, method, `/channels/${closed.id}${where}`);
      }
      await world.carol.rest.refused(404, 'POST', '/messages', { body: { channel_id: closed.id, content: 'x' } });
      const stranger = { body: { user_id: world.mallory.id } };
      const { error } = await world.bob.rest.refused(422, 'POST', `/channels/${closed.id}/members`, stranger);
      assert.deepEqual(error.fields, { user_id: 'must name a member of the project' });
      await world.alice.rest.refused(409, 'POST', `/channels/${closed.id}/members`, { body: { user_id: world.bob.id } });
      await world.alice.rest.refused(422, 'POST', `/channels/${general.id}/members`, { body: { user_id: world.bob.id } });
    });

    test('one name in one place, of which a private channel says nothing', async () => {
      const path = `/projects/${project.id}/channels`;
      const { error } = await world.bob.rest.refused(409, 'POST', path, { body: { name: 'GENERAL' } });
      assert.equal(error.code, 'name_taken');
      await channel(world.bob, 'closed');
      const task = await world.task(world.alice, project);
      await channel(world.bob, 'general', { task_id: task.id });
      const other = await channel(world.bob, 'other');
      await world.bob.rest.refused(409, 'PATCH', `/channels/${other.id}`, { body: { name: 'general' } });
      await world.bob.rest.patch(`/channels/${other.id}`, { name: 'Other' });
      const elsewhere = await world.task(world.mallory, world.mallory.home);
      await world.bob.rest.refused(422, 'POST', path, { body: { name: 'x', task_id: elsewhere.id } });
    });

    test('a message: said, answered, listed, changed and deleted', async () => {
      const metadata = { attachments: [{ url: '/plan.pdf' }], mood: 'good' };
      const first = await say(world.carol, general, ' Hello\n  you ', { metadata });
      assertShape(first, MESSAGE);
      assert.deepEqual([first.content, first.metadata, first.author.username], [' Hello\n  you ', metadata, 'carol']);
      const answer = await world.bob.rest.post('/messages', { channel_id: general.id, content: 'Hi', parent_id: first.id });
      const list = (query = '') => world.alice.rest.get(`/channels/${general.id}/messages${query}`);
      assert.deepEqual(await list(), [answer, { ...first, replies: 1 }]);
      assert.deepEqual(await world.alice.rest.get(`/messages/channel/${general.id}?limit=1`), [answer]);
      assert.deepEqual(await list(`?before=${answer.id}`), [{ ...first, replies: 1 }]);
      assert.deepEqual(await list(`?parent_id=${first.id}`), [answer]);
      const edited = await world.bob.rest.patch(`/messages/${answer.id}`, { content: 'Hi!' });
      assert.deepEqual([edited.content, edited.is_edited, edited.version], ['Hi!', true, 2]);
      await world.alice.rest.refused(403, 'PATCH', `/messages/${answer.id}`, { body: { content: 'Ha' } });
      await world.bob.rest.refused(403, 'DELETE', `/messages/${first.id}`);
      await world.alice.rest.delete(`/messages/${first.id}`);
      assert.deepEqual(await list(), [edited]);
      await world.mallory.rest.refused(404, 'GET', `/messages/${answer.id}`);
      const elsewhere = await say(world.bob, closed, 'Psst');
      const wrong = { body: { content: 'x', parent_id: elsewhere.id } };
      await world.bob.rest.refused(422, 'POST', `/channels/${general.id}/messages`, wrong);
      await world.carol.rest.refused(404, 'GET', `/messages/${elsewhere.id}`);
    });

    test('signs under a message', async () => {
      const message = await say(world.alice, general, 'Done');
      const path = `/messages/${message.id}/reactions`;
      const left = async (who, emoji) => {
        const { status, body } = await who.rest.ask('POST', path, { body: { emoji } });
        assert.equal(status, 200, JSON.stringify(body));
        return body.reactions;
      };
      await left(world.bob, '👍');
      await left(world.carol, '🎉');
      const all = await left(world.alice, '👍');
      assert.deepEqual(all, [
        { emoji: '👍', users: [world.bob.id, world.alice.id] },
        { emoji: '🎉', users: [world.carol.id] },
      ]);
      assert.deepEqual(await left(world.alice, '👍'), all, 'once each');
      const taken = await world.bob.rest.ask('DELETE', `${path}/${encodeURIComponent('👍')}`);
      assert.deepEqual(taken.body.reactions, [all[1], { emoji: '👍', users: [world.alice.id] }]);
      await world.bob.rest.refused(422, 'POST', path, { body: { emoji: 'two words' } });
      await world.mallory.rest.refused(404, 'POST', path, { body: { emoji: '👍' } });
    });

    test('how far one has read, and the welcome that counts it', async () => {
      const [one, two, three] = [await say(world.alice, general, '1'), await say(world.alice, general, '2'), await say(world.alice, general, '3')];
      await say(world.bob, general, 'mine');
      const read = `/channels/${general.id}/read`;
      const before = await world.bob.rest.get(read);
      assert.deepEqual([before.last_read_id, before.unread], [null, 3]);
      const marked = (body) => world.bob.rest.ask('POST', read, body ? { body } : {});
      assert.equal((await marked({ message_id: two.id })).body.unread, 1);
      assert.equal((await marked({ message_id: one.id })).body.last_read_id, two.id, 'never back');
      const { unread } = (await native(world.bob)).welcome;
      const here = unread.channels.find((found) => found.channel_id === general.id);
      assert.deepEqual(here, { channel_id: general.id, unread: 1 });
      assert.equal(unread.notifications, (await world.bob.rest.get('/notifications/count')).unread);
      assert.match(unread.cursor, /^[a-z0-9]+-\d+$/);
      const all = await marked();
      assert.deepEqual([all.body.unread, all.body.last_read_id > three.id], [0, true]);
      const markers = await world.bob.rest.all('/channels/read');
      assert.deepEqual(markers.find((found) => found.channel_id === general.id), all.body);
    });

    test('a person who is named is notified, if he may read it', async () => {
      const before = await world.bob.rest.cursor();
      await say(world.alice, general, 'Look, @Bob and (@carol): @mallory, @nobody, @alice, @bob!');
      await say(world.alice, closed, '@carol should not know, @bob may');
      const told = async (who) => {
        const { events } = await who.rest.feed(before);
        const found = events.filter(({ kind }) => kind === 'notification.created');
        return found.map(({ payload }) => [payload.notification.kind, payload.notification.channel.name]);
      };
      assert.deepEqual(await told(world.bob), [['mentioned', 'general'], ['mentioned', 'closed']]);
      assert.deepEqual(await told(world.carol), [['mentioned', 'general']]);
      const [found] = await world.carol.rest.get('/notifications?limit=1');
      assert.equal(found.context, 'Look, @Bob and (@carol): @mallory, @nobody, @alice, @bob!');
    });

    test('the snapshot has the channels that one may see', async () => {
      const seen = async (who) => {
        const { channels } = await who.rest.get(`/projects/${project.id}/snapshot`);
        return channels.map(({ name }) => name);
      };
      assert.deepEqual(await seen(world.bob), ['general', 'closed']);
      assert.deepEqual(await seen(world.carol), ['general']);
      assert.deepEqual(await seen(world.root), ['general']);
    });
  });

  describe('in the words of the Project Manager app', () => {
    const inGeneral = (type, who, content) => inRoom(type, `channel:${general.id}`, who, content);
    /** What everybody hears who is said to have said it. */
    const said = (who, content, more = {}) => ({
      ...inGeneral('message', who, { content, username: who.name, user_id: who.id, ...more }),
      id,
      channel_id: general.id,
      author_id: who.id,
      author_name: who.fullName,
      author_avatar: null,
      content,
      created_at: offset,
      attachments: more.attachments ?? [],
    });
    let [alice, bob] = [];

    beforeEach(async () => {
      [alice, bob] = await Promise.all([world.envelope(world.alice), world.envelope(world.bob)]);
      await alice.join(`channel:${general.id}`);
      // The app's chat page sends the number alone.
      await bob.join(general.id);
      await alice.next('user_joined');
    });

    test('send_message is stored, and heard as message by everybody with the sender', async () => {
      const metadata = { reply_to: 7 };
      const attachments = [{ name: 'plan.pdf' }];
      const data = { content: ' Hello ', metadata, attachments, username: 'alice', user_id: 1 };
      bob.say({ type: 'send_message', room: general.id, data });
      for (const client of [alice, bob]) {
        assertShape(await client.next('message'), said(world.bob, ' Hello ', { metadata, attachments }));
      }
      await bob.quiet();
      const [stored] = await world.carol.rest.get(`/channels/${general.id}/messages`);
      assert.deepEqual([stored.content, stored.author.username], [' Hello ', 'bob']);
      assert.deepEqual(stored.metadata, { metadata, attachments });
    });

    test('what is posted over REST is heard as message and message.new, then edited and deleted', async () => {
      const posted = await say(world.carol, general, 'From REST', { metadata: { mood: 'good' } });
      for (const client of [alice, bob]) {
        const page = await client.next('message');
        assertShape(page, said(world.carol, 'From REST', { mood: 'good' }));
        assert.equal(page.id, posted.id);
        assertShape(await client.next('message.new'), inGeneral('message.new', world.carol, {
          message_id: posted.id,
          channel_id: general.id,
          content: 'From REST',
          author: 'carol',
          author_id: world.carol.id,
          parent_id: null,
          metadata: { mood: 'good' },
          created_at: offset,
        }));
      }
      await world.carol.rest.patch(`/messages/${posted.id}`, { content: 'Edited' });
      await world.alice.rest.delete(`/messages/${posted.id}`);
      for (const client of [alice, bob]) {
        const edited = { message_id: posted.id, new_content: 'Edited' };
        assertShape(await client.next('message.edited'), inGeneral('message.edited', world.carol, edited));
        const gone = inGeneral('message.deleted', world.alice, { message_id: posted.id });
        assertShape(await client.next('message.deleted'), gone);
        await client.quiet();
      }
    });

    test('notification.mentioned', async () => {
      await say(world.alice, general, 'Come, @carol');
      const carol = await world.envelope(world.carol);
      await say(world.alice, general, 'Now, @carol');
      assertShape(await carol.next('notification.mentioned'), toOne('notification.mentioned', {
        mentioned_by: 'alice',
        context: 'Now, @carol',
        link: `/project/${project.id}/channel/${general.id}`,
      }));
      await carol.quiet();
    });

    test('what is refused', async () => {
      const carol = await world.envelope(world.carol);
      const room = `channel:${general.id}`;
      await carol.refused(`Not a member of room ${room}`, { type: 'send_message', room, data: { content: 'x' } });
      await carol.refused(`Access denied to room ${closed.id}`, { type: 'join_room', room: closed.id });
      const mallory = await world.envelope(world.mallory);
      await mallory.refused(`Access denied to room ${room}`, { type: 'join_room', room });
      await bob.refused('content must be a string', { type: 'send_message', room, data: { content: 5 } });
      await bob.refused('content must be 10000 characters or less', { type: 'send_message', room, data: { content: 'x'.repeat(10_001) } });
      await bob.refused('metadata must be at most 16384 bytes of JSON', { type: 'send_message', room, data: { x: 'x'.repeat(17_000) } });
      await alice.quiet();
      assert.deepEqual(await world.alice.rest.get(`/channels/${general.id}/messages`), []);
    });

    test('a private channel is for its members, and who is taken out hears no more', async () => {
      const room = `channel:${closed.id}`;
      await alice.join(room);
      await bob.join(room);
      await alice.next('user_joined');
      alice.say({ type: 'send_message', room, data: { content: 'Psst' } });
      for (const client of [alice, bob]) assert.equal((await client.next('message')).data.content, 'Psst');
      await world.alice.rest.delete(`/channels/${closed.id}/members/${world.bob.id}`);
      await bob.complaint(`Access denied to room ${room}`);
      assert.equal((await alice.next('user_left')).sender, 'bob');
      alice.say({ type: 'send_message', room, data: { content: 'Alone' } });
      assert.equal((await alice.next('message')).data.content, 'Alone');
      await bob.refused(`Not a member of room ${room}`, { type: 'send_message', room, data: { content: 'x' } });
      await bob.quiet();
    });

    test('who is in the room of a name when the channel comes into being is put out', async () => {
      const room = `channel:${general.id + 2}`;
      await alice.join(room);
      const made = await channel(world.alice, 'later', { is_private: true });
      assert.equal(`channel:${made.id}`, room);
      alice.say({ type: 'send_message', room, data: { content: 'x' } });
      await alice.complaint(`Not a member of room ${room}`);
      await alice.join(room);
      await world.alice.rest.delete(`/channels/${made.id}`);
      await alice.complaint(`Access denied to room ${room}`);
    });
  });

  for (const [name, Native] of [['Socket.IO', NativeSocket], ['a raw socket', NativeRaw]]) {
    test(`native over ${name}: each command, and what it is told as`, async () => {
      const alice = await native(world.alice, Native);
      assert.equal((await alice.ask('subscribe', { room: `project:${project.id}` })).ok, true);
      const done = async (command, asked, kind) => {
        const answer = await alice.ask(command, asked);
        assert.equal(answer.ok, true, JSON.stringify(answer));
        return [answer.data, await alice.next(kind)];
      };
      const [made, event] = await done('channel.create', { project_id: project.id, name: `by ${name}` }, 'channel.created');
      assert.deepEqual(event.payload, { channel: made });
      const here = { channel_id: made.id };
      const [, renamed] = await done('channel.update', { ...here, description: 'D', if_version: 1 }, 'channel.updated');
      assert.deepEqual(renamed.payload.changes, { description: { old: null, new: 'D' } });
      const [message, told] = await done('message.create', { ...here, content: 'Hello' }, 'message.created');
      assert.deepEqual(told.payload.message, message);
      assert.deepEqual(told.scope, { project: project.id });
      const one = { message_id: message.id };
      await done('message.update', { ...one, content: 'Hallo' }, 'message.updated');
      const [reacted, sign] = await done('reaction.add', { ...one, emoji: '👍' }, 'reaction.added');
      assert.deepEqual(reacted.reactions, [{ emoji: '👍', users: [world.alice.id] }]);
      assert.deepEqual([sign.payload.message_id, sign.payload.emoji], [message.id, '👍']);
      await done('reaction.remove', { ...one, emoji: '👍' }, 'reaction.removed');
      const [marker, read] = await done('channel.read', here, 'channel.read');
      assert.deepEqual([read.payload.marker, read.scope], [marker, { user: world.alice.id }]);
      await done('message.delete', one, 'message.deleted');
      await done('channel.delete', here, 'channel.deleted');
      const within = { channel_id: closed.id };
      assert.equal((await alice.ask('subscribe', { room: `channel:${closed.id}` })).ok, true);
      await done('channel.add', { ...within, user_id: world.carol.id }, 'channel.member_added');
      await done('channel.remove', { ...within, user_id: world.carol.id }, 'channel.member_removed');
    });
  }

  describe('a private channel', () => {
    const room = () => ({ room: `channel:${closed.id}` });

    test('is told to its members and to nobody else, not in the project and not in the feed', async () => {
      const begun = await world.alice.rest.cursor();
      const [bob, carol] = [await native(world.bob), await native(world.carol)];
      for (const client of [bob, carol]) await client.ask('subscribe', { room: `project:${project.id}` });
      assert.equal((await bob.ask('subscribe', room())).ok, true);
      assert.equal((await carol.ask('subscribe', room())).error.code, 'not_found');
      const message = await say(world.alice, closed, 'Psst');
      assert.deepEqual((await bob.next('message.created')).scope, { channel: closed.id });
      await say(world.alice, general, 'Aloud');
      assert.equal((await carol.next('message.created')).payload.message.content, 'Aloud');
      await world.bob.rest.ask('POST', `/messages/${message.id}/reactions`, { body: { emoji: '👍' } });
      await world.alice.rest.patch(`/messages/${message.id}`, { content: 'Hush' });
      await bob.next('message.updated');
      assert.deepEqual(carol.names(), []);
      const feed = async (who) => kinds((await who.rest.feed(begun)).events);
      assert.deepEqual(await feed(world.bob), ['message.created', 'message.created', 'reaction.added', 'message.updated']);
      for (const who of [world.carol, world.root]) {
        assert.ok(!JSON.stringify((await who.rest.feed(begun)).events).match(/Psst|Hush/), who.name);
      }
      assert.deepEqual(await feed(world.carol), ['message.created']);
    });

    test('who is taken in hears it in his own room, and hears what comes', async () => {
      const carol = await native(world.carol);
      await say(world.alice, closed, 'Before');
      await take(world.bob, closed, world.carol);
      const { payload } = await carol.next('channel.member_added');
      assert.deepEqual([payload.channel.name, payload.member.user_id], ['closed', world.carol.id]);
      assert.equal((await carol.ask('subscribe', room())).ok, true);
      await say(world.alice, closed, 'After');
      assert.equal((await carol.next('message.created')).payload.message.content, 'After');
      // The words of before can be read: they are the channel's.
      assert.equal((await world.carol.rest.get(`/channels/${closed.id}/messages`)).length, 2);
      await world.carol.rest.delete(`/channels/${closed.id}/members/${world.carol.id}`);
      await carol.next('channel.member_removed');
      const put = await carol.next('unsubscribed');
      assert.deepEqual([put.room, put.error.code], [room().room, 'forbidden']);
      await say(world.alice, closed, 'Gone');
      assert.equal((await carol.ask('ping')).ok, true);
      assert.deepEqual(carol.names(), []);
    });

    test('who leaves the project has left it, also when he comes back to the project', async () => {
      const bob = await native(world.bob);
      await bob.ask('subscribe', room());
      await world.alice.rest.delete(`/projects/${project.id}/members/${world.bob.id}`);
      await bob.next('unsubscribed');
      await world.alice.rest.post(`/projects/${project.id}/members`, { user_id: world.bob.id, role: 'member' });
      assert.equal((await bob.ask('subscribe', room())).error.code, 'not_found');
      const begun = await world.bob.rest.cursor();
      await say(world.alice, closed, 'Psst');
      assert.deepEqual(kinds((await world.bob.rest.feed(begun)).events), []);
    });

    test('a stock client that recovers is told what was said while its user belonged to it', async () => {
      const network = await Proxy.to(world.server.port);
      const bob = new Returner('native', world.bob, { url: network.url });
      try {
        await bob.hearing(project);
        assert.equal((await bob.socket.emitWithAck('subscribe', room())).ok, true);
        await say(world.alice, closed, 'change 1');
        await bob.hears('change 1');
        network.cut();
        await say(world.alice, closed, 'change 2');
        await world.alice.rest.delete(`/channels/${closed.id}/members/${world.bob.id}`);
        await say(world.alice, closed, 'change 3');
        await say(world.alice, general, 'change 4');
        network.mend();
        await bob.returns(1);
        await say(world.alice, general, 'change 5');
        await bob.hears('change 5');
        // Of a channel that he does not see any more he is told nothing, as of a project.
        assert.deepEqual(bob.titles, ['change 1', 'change 4', 'change 5']);
        assert.deepEqual(bob.recovered, [true]);
      } finally {
        bob.close();
        network.close();
      }
    });

    test('who comes back with a cursor is told what was said while he belonged to it', async () => {
      const resume = async (who, since) => {
        const client = await native(who, NativeRaw);
        const rooms = [`project:${project.id}`, `channel:${closed.id}`];
        return [client, await client.ask('resume', { since, rooms })];
      };
      const since = await world.carol.rest.cursor();
      await say(world.alice, closed, 'one');
      await take(world.alice, closed, world.carol);
      await say(world.alice, closed, 'two');
      await world.alice.rest.delete(`/channels/${closed.id}/members/${world.carol.id}`);
      await say(world.alice, closed, 'three');
      await take(world.alice, closed, world.carol);
      await say(world.alice, closed, 'four');
      await say(world.alice, general, 'five');
      const heard = async (client, count) => {
        const words = [];
        for (let at = 0; at < count; at += 1) words.push((await client.next('message.created')).payload.message.content);
        assert.equal((await client.ask('ping')).ok, true);
        assert.deepEqual(client.names().filter((kind) => kind.startsWith('message')), []);
        return words;
      };
      const [carol, answer] = await resume(world.carol, since);
      assert.deepEqual(answer.data, {});
      assert.deepEqual(await heard(carol, 3), ['two', 'four', 'five']);
      const [bob] = await resume(world.bob, since);
      assert.deepEqual(await heard(bob, 5), ['one', 'two', 'three', 'four', 'five']);
      const [root, refused] = await resume(world.root, since);
      assert.deepEqual(refused.data, { refused: [`channel:${closed.id}`] });
      assert.deepEqual(await heard(root, 1), ['five']);
      const { events } = await world.carol.rest.feed(since);
      const words = events.filter(({ kind }) => kind === 'message.created');
      assert.deepEqual(words.map(({ payload }) => payload.message.content), ['two', 'four', 'five']);
    });
  });
});

// Commands that can be read, and that nobody may give, or not so: on tasks, in channels, with
// invitations. Mallory gives them, a member of a project who sees neither its private channel nor
// other projects.

import { complains } from './answers.js';

const NOWHERE = 999_999_999;
const long = (length) => 'x'.repeat(length);
const invalid = (text) => complains(text, 'invalid');
const missing = (noun) => complains(`${noun} not found`, 'not_found');
const forbidden = complains('Access denied', 'forbidden');
const wrong = (text) => complains(text);

/** What the rows are about, each named by its id. Nobody else makes channels: theirs are 1 to 3. */
export async function stageOf(world) {
  const { alice: owner, root: stranger } = world;
  const { rest } = owner;
  const project = await world.project(owner, world.mallory);
  const at = `/projects/${project.id}`;
  const channel = (fields) => rest.post(`${at}/channels`, fields);
  const say = ({ id }, content) => rest.post(`/channels/${id}/messages`, { content });
  const [open, other, closed] = [await channel({ name: 'general' }), await channel({ name: 'other' }), await channel({ name: 'few', is_private: true })];
  const [said, hidden, elsewhere] = [await say(open, 'Good'), await say(closed, 'Secret'), await say(other, 'Else')];
  const task = await rest.post('/tasks', { project_id: project.id, title: 'Dig' });
  const home = await rest.post('/tasks', { project_id: owner.home.id, title: 'At home' });
  const remark = await rest.post(`/tasks/${home.id}/comments`, { body: 'Hm' });
  const invite = (email) => rest.post(`${at}/invitations`, { email });
  const asked = await invite(stranger.email);
  const revoked = await rest.post(`${at}/invitations`, {});
  await rest.delete(`/invitations/${revoked.id}`);
  const ids = { project, strange: owner.home, open, closed, said, hidden, elsewhere, task, home, remark, asked, stranger };
  return { ...Object.fromEntries(Object.entries(ids).map(([name, { id }]) => [name, id])), link: asked.token, over: revoked.token };
}

/** `[what, the word, its argument on the stage, the answer]` of native clients. */
const NATIVE = [
  ['a task without a title', 'task.create', ({ project }) => ({ project_id: project }), invalid('title is required')],
  ['a task with a title of 501 characters', 'task.create', ({ project }) => ({ project_id: project, title: long(501) }), invalid('title must be 500 characters or less')],
  ['a task in a project of others', 'task.create', ({ strange }) => ({ project_id: strange, title: 'A' }), missing('Project')],
  ['a task in no project', 'task.create', () => ({ project_id: NOWHERE, title: 'A' }), missing('Project')],
  ['a task that nobody has', 'task.update', () => ({ task_id: NOWHERE, title: 'A' }), missing('Task')],
  ['a task of others', 'task.update', ({ home }) => ({ task_id: home, title: 'A' }), missing('Task')],
  ['a task in a state that is none', 'task.update', ({ task }) => ({ task_id: task, status: 'eaten' }), invalid('status must be one of: todo, in_progress, review, blocked, done, cancelled')],
  ['a task as it was long ago', 'task.update', ({ task }) => ({ task_id: task, title: 'A', if_version: 7 }), complains('The version is 1 now', 'version_conflict')],

  ['a comment on a task of others', 'comment.create', ({ home }) => ({ task_id: home, body: 'A' }), missing('Task')],
  ['a comment on a project of others', 'comment.create', ({ strange }) => ({ project_id: strange, body: 'A' }), missing('Project')],
  ['a comment of nothing', 'comment.create', ({ task }) => ({ task_id: task, body: ' ' }), invalid('body is required')],
  ['an answer to a comment on another task', 'comment.create', ({ task, remark }) => ({ task_id: task, body: 'A', parent_id: remark }), invalid('parent_id must name a comment on the task')],

  ['a channel without a name', 'channel.create', ({ project }) => ({ project_id: project }), invalid('name is required')],
  ['a channel with a name of 201 characters', 'channel.create', ({ project }) => ({ project_id: project, name: long(201) }), invalid('name must be 200 characters or less')],
  ['a channel with the name of another', 'channel.create', ({ project }) => ({ project_id: project, name: 'GENERAL' }), complains('The name is taken', 'name_taken')],
  ['a channel in a project of others', 'channel.create', ({ strange }) => ({ project_id: strange, name: 'A' }), missing('Project')],
  ['a channel of a task of others', 'channel.create', ({ project, home }) => ({ project_id: project, name: 'A', task_id: home }), invalid('task_id must name a task of the project')],
  ['a channel that is half private', 'channel.create', ({ project }) => ({ project_id: project, name: 'A', is_private: 'half' }), invalid('is_private must be a boolean')],
  ['another’s channel renamed', 'channel.update', ({ open }) => ({ channel_id: open, name: 'A' }), forbidden],
  ['another’s channel deleted', 'channel.delete', ({ open }) => ({ channel_id: open }), forbidden],
  ['a private channel renamed', 'channel.update', ({ closed }) => ({ channel_id: closed, name: 'A' }), missing('Channel')],
  ['a private channel deleted', 'channel.delete', ({ closed }) => ({ channel_id: closed }), missing('Channel')],
  ['oneself into a private channel', 'channel.add', ({ closed }, { mallory }) => ({ channel_id: closed, user_id: mallory.id }), missing('Channel')],
  ['somebody out of a private channel', 'channel.remove', ({ closed }, { alice }) => ({ channel_id: closed, user_id: alice.id }), missing('Channel')],
  ['somebody into a channel that is open', 'channel.add', ({ open }, { alice }) => ({ channel_id: open, user_id: alice.id }), invalid('channel_id must name a private channel')],
  ['a private channel read', 'channel.read', ({ closed }) => ({ channel_id: closed }), missing('Channel')],
  ['a private channel listened to', 'subscribe', ({ closed }) => ({ room: `channel:${closed}` }), missing('Channel')],

  ['a message of nothing', 'message.create', ({ open }) => ({ channel_id: open, content: ' \n ' }), invalid('content is required')],
  ['a message of 10,001 characters', 'message.create', ({ open }) => ({ channel_id: open, content: long(10_001) }), invalid('content must be 10000 characters or less')],
  ['a message with a NUL', 'message.create', ({ open }) => ({ channel_id: open, content: 'a\u0000b' }), invalid('content must be text without NUL characters')],
  ['a list for a message', 'message.create', ({ open }) => ({ channel_id: open, content: ['a'] }), invalid('content must be a string')],
  ['a list beside a message', 'message.create', ({ open }) => ({ channel_id: open, content: 'A', metadata: [] }), invalid('metadata must be an object')],
  ['more than 16 KiB beside a message', 'message.create', ({ open }) => ({ channel_id: open, content: 'A', metadata: { a: long(16_384) } }), invalid('metadata must be at most 16384 bytes of JSON')],
  ['a message in no channel', 'message.create', () => ({ channel_id: NOWHERE, content: 'A' }), missing('Channel')],
  ['a message in a private channel', 'message.create', ({ closed }) => ({ channel_id: closed, content: 'A' }), missing('Channel')],
  ['an answer to a message of another channel', 'message.create', ({ open, elsewhere }) => ({ channel_id: open, content: 'A', parent_id: elsewhere }), invalid('parent_id must name a message of the channel')],
  ['an answer to a message that is hidden', 'message.create', ({ open, hidden }) => ({ channel_id: open, content: 'A', parent_id: hidden }), invalid('parent_id must name a message of the channel')],
  ['another’s message changed', 'message.update', ({ said }) => ({ message_id: said, content: 'A' }), forbidden],
  ['another’s message deleted', 'message.delete', ({ said }) => ({ message_id: said }), forbidden],
  ['a hidden message changed', 'message.update', ({ hidden }) => ({ message_id: hidden, content: 'A' }), missing('Message')],
  ['a hidden message deleted', 'message.delete', ({ hidden }) => ({ message_id: hidden }), missing('Message')],
  ['a sign with a space', 'reaction.add', ({ said }) => ({ message_id: said, emoji: 'a b' }), invalid('emoji must be without spaces')],
  ['a sign of 33 characters', 'reaction.add', ({ said }) => ({ message_id: said, emoji: long(33) }), invalid('emoji must be 32 characters or less')],
  ['a sign under a hidden message', 'reaction.add', ({ hidden }) => ({ message_id: hidden, emoji: '👍' }), missing('Message')],
  ['a sign taken from a hidden message', 'reaction.remove', ({ hidden }) => ({ message_id: hidden, emoji: '👍' }), missing('Message')],

  ['an invitation that is not named', 'invitation.accept', () => ({}), invalid('token is required')],
  ['a number for the secret of an invitation', 'invitation.accept', () => ({ token: 7 }), invalid('token must be a string')],
  ['a secret that is none', 'invitation.accept', () => ({ token: long(32) }), missing('Invitation')],
  ['a secret of 257 characters', 'invitation.accept', () => ({ token: long(257) }), invalid('token must be 256 characters or less')],
  ['another’s invitation by its number', 'invitation.accept', ({ asked }) => ({ invitation_id: asked }), missing('Invitation')],
  ['another’s invitation by its secret', 'invitation.accept', ({ link }) => ({ token: link }), complains('The invitation is for somebody else', 'not_invited')],
  ['another’s invitation declined', 'invitation.decline', ({ link }) => ({ token: link }), complains('The invitation is for somebody else', 'not_invited')],
  ['an invitation that was taken back', 'invitation.accept', ({ over }) => ({ token: over }), complains('The invitation has been revoked', 'invitation_revoked')],
  ['an invitation revoked by who may not', 'invitation.revoke', ({ asked }) => ({ invitation_id: asked }), forbidden],
  ['an invitation that is none, revoked', 'invitation.revoke', () => ({ invitation_id: NOWHERE }), missing('Invitation')],
];

/** `[what, the fields of the message, the answer]` of clients of the Project Manager app, who speak to rooms. */
const ENVELOPE = [
  ['words to a private channel', ({ closed }) => ({ room: `channel:${closed}`, data: { content: 'A' } }), complains('Not a member of room channel:3', 'not_there')],
  ['words to a channel that one has not joined', ({ open }) => ({ room: `channel:${open}`, data: { content: 'A' } }), complains('Not a member of room channel:1', 'not_there')],
  ['words of 10,001 characters', ({ open }) => ({ room: `channel:${open}`, data: { content: long(10_001) } }), wrong('content must be 10000 characters or less')],
  ['a list for words', ({ open }) => ({ room: `channel:${open}`, data: ['A'] }), wrong('data must be an object')],
  ['words to nobody', () => ({ data: { content: 'A' } }), wrong('Room ID required')],
];

export const COMMANDS = NATIVE.map(([what, word, argument, answer]) => ({
  what,
  send: (link, door, world) => link.sendText(door.say(word, JSON.stringify(argument(world.stage, world)))),
  answer,
}));

export const SPEECHES = ENVELOPE.map(([what, fields, answer]) => ({
  what,
  send: (link, door, world) => link.sendText(door.say('send_message', JSON.stringify(fields(world.stage)))),
  answer,
}));

// Messages that can be read, and that a dialect does not know what to do with.

import { NOTHING, complains, ends } from './answers.js';

const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);
const native = (text) => complains(text, 'invalid');
/** Over Socket.IO the argument is judged, on a raw socket the message. */
const noObjectForNative = (door) =>
  native(door.socketIo ? 'data must be an object' : 'message must be a JSON object {type, id?, data?} with data an object');
const nativeType = native('type must be a command or request of the native protocol');
const roomForm = native('room must be project:ID, task:ID or channel:ID');
const roomText = native('room must be a string');
const noRoom = native('room is required');

const missing = complains('Project ID required');
const denied = complains('Access denied to project');
const noProject = complains('Project not found', 'not_found');
const noProjectId = complains('project_id required');
const noRoomId = complains('Room ID required');
const badRoom = complains('Invalid room format');
const noObject = complains('Invalid message format');
const unknownType = (word) => complains(`Unknown message type: ${word}`);

/** Says it with the word that enters a room; `FIELD` stands for the field that names the room. */
const entering = (json) => (link, door) =>
  link.sendText(door.say(door.dialect.enter, json?.replace('FIELD', door.dialect.field)));
const named = (word, json = '{}') => (link, door) => link.sendText(door.say(word, json));
const text = (message) => (link) => link.sendText(message);

/**
 * `[what, how it is sent, the answers of taskmanager, native, envelope]`; flux has one for whatever names no project,
 * prodsight has none, and skybuild those of taskmanager but for one text.
 */
const AS_ARGUMENT = [
  ['no argument', entering(undefined), missing, noRoom, noRoomId],
  ['null for the argument', entering('null'), missing, noObjectForNative, noObject],
  ['a text for the argument', entering('"project:1"'), missing, noObjectForNative, noObject],
  ['a number for the argument', entering('7'), missing, noObjectForNative, noObject],
  ['a list for the argument', entering('[{}]'), missing, noObjectForNative, noObject],
  ['an object without fields', entering('{}'), missing, noRoom, noRoomId],
  ['null for the room', entering('{"FIELD":null}'), missing, noRoom, noRoomId],
  ['nothing for the room', entering('{"FIELD":""}'), missing, roomForm, noRoomId],
  ['an object for the room', entering('{"FIELD":{"id":1}}'), denied, roomText, badRoom],
  ['a list for the room', entering('{"FIELD":[1]}'), denied, roomText, badRoom],
  ['true for the room', entering('{"FIELD":true}'), denied, roomText, badRoom],
  ['a fraction for the room', entering('{"FIELD":"1.5"}'), denied, roomForm, badRoom],
  ['a room without a kind', entering('{"FIELD":"project"}'), denied, roomForm, badRoom],
  ['a room of another kind', entering('{"FIELD":"kitchen:1"}'), denied, roomForm, complains('Unsupported room type')],
  ['a room of 10,000 bytes', entering(`{"FIELD":"project:${'9'.repeat(10_000)}"}`), denied, roomForm, badRoom],
  ['a number too large for any type', entering('{"FIELD":1e999}'), missing, noObjectForNative, complains('Invalid JSON format')],
  ['half a surrogate pair', entering(String.raw`{"FIELD":"\ud800"}`), missing, noObjectForNative, complains('Invalid JSON format')],
  ['an unknown word', named('dance'), NOTHING, nativeType, unknownType('dance')],
  ['a word of 10,000 bytes', named('w'.repeat(10_000)), NOTHING, nativeType, { ...unknownType('w'.repeat(100)), text: () => '“Unknown message type: ww…”, of 100 characters' }],
  ['a word of JavaScript objects', named('__proto__'), NOTHING, nativeType, unknownType('__proto__')],
  ['markup for a word', named('<b>'), NOTHING, nativeType, unknownType('<b>')],
  ['a milestone that breaks its rules', named('item.create', '{"kind":"milestone","project_id":1,"status":"reached"}'), NOTHING, native('title is required; status must be one of: todo, in_progress, done'), unknownType('item.create')],
  ['an answer to what is no comment', named('comment.create', '{"task_id":1,"body":"Hm","parent_id":[1]}'), NOTHING, native('parent_id must be an id'), unknownType('comment.create')],
].map(([what, send, taskmanager, ...others]) => ({
  what,
  send,
  answers: {
    taskmanager,
    flux: taskmanager === NOTHING ? NOTHING : noProject,
    prodsight: NOTHING,
    skybuild: taskmanager === missing ? noProjectId : taskmanager,
    native: others[0],
    envelope: others[1],
  },
}));

/** What only a raw socket can take for a message. */
const onRawSockets = (what, send, nativeAnswer, envelopeAnswer) => ({
  what,
  send,
  raw: true,
  answers: { native: nativeAnswer, envelope: envelopeAnswer },
});
const noJson = complains('Invalid JSON format');

const AS_MESSAGE = [
  onRawSockets('an empty message', text(''), noObjectForNative, noJson),
  onRawSockets('half an object', text('{"type":'), noObjectForNative, noJson),
  onRawSockets('two objects', text('{}{}'), noObjectForNative, noJson),
  onRawSockets('an object without a word', text('{"data":{}}'), noObjectForNative, unknownType('None')),
  onRawSockets('null for the word', text('{"type":null}'), noObjectForNative, unknownType('None')),
  onRawSockets('a number for the word', text('{"type":7}'), noObjectForNative, unknownType('7')),
  onRawSockets('a list for the word', text('{"type":["ping"]}'), noObjectForNative, unknownType('["ping"]')),
  onRawSockets('an id of 65 bytes', text(`{"type":"ping","id":"${'i'.repeat(63)}"}`), native('id must be 64 characters or less'), undefined),
  onRawSockets('an object 128 levels deep', text(`{"type":"dance","data":{"a":${nested(126)}}}`), noObjectForNative, noJson),
  onRawSockets('an object 100,000 levels deep', text(`{"type":"dance","data":${nested(100_000)}}`), noObjectForNative, noJson),
  onRawSockets('bytes that are no UTF-8', (link) => link.sendBinary(Buffer.from([0x7b, 0xff, 0x7d])), noObjectForNative, noJson),
  onRawSockets('a message of more than 1,048,576 bytes', text(`{"type":"${'x'.repeat(1_048_576)}"}`), ends('too_large'), ends('too_large')),
];

export const WORDS = [...AS_ARGUMENT, ...AS_MESSAGE].map(({ what, send, raw, answers }) => ({
  what,
  send,
  answer: (door) => (raw && door.socketIo ? undefined : answers[door.dialect.name]),
}));

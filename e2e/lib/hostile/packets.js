// Packets of Engine.IO and Socket.IO that no client library sends.
//
// A row: what it is, how it is sent through a link (`prefix` is what a packet has after its type),
// how it is answered. `early` rows are sent before the client is in a namespace.

import { NOTHING, ends, tells } from './answers.js';

const MALFORMED = ends('malformed');
const TOO_LARGE = ends('too_large');
const LARGEST = 1_000_000;

/** Sends one packet, written with `P` for the prefix. */
const packet = (text) => (link, { prefix }) => link.sendText(text.replace('P', prefix));
const event = (body) => packet(`42P${body}`);
const early = (what, text, answer) => ({ what, send: packet(text), answer, early: true });
const row = (what, send, answer = MALFORMED) => ({ what, send, answer });
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);
const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;
const bytes = (length) => Buffer.alloc(length, 0x61);

export const EARLY = [
  early('an event before CONNECT', '42P["ping"]', MALFORMED),
  early('an acknowledgement before CONNECT', '43P1[]', MALFORMED),
  early('CONNECT to an unknown namespace', '40/nowhere,', tells('44/nowhere,{"message":"Invalid namespace"}')),
  early('an event in a namespace that was refused', '42/nowhere,["ping"]', MALFORMED),
  early(
    'CONNECT to a namespace of 256 bytes',
    `40/${'n'.repeat(255)},`,
    { ...tells(`44/${'n'.repeat(255)},{"message":"Invalid namespace"}`), text: () => '`44/n…,{"message":"Invalid namespace"}`' },
  ),
  early('CONNECT to a namespace of 300 bytes', `40/${'n'.repeat(299)},`, MALFORMED),
  early('CONNECT with a list', '40P[]', MALFORMED),
  early('CONNECT with a text', '40P"x"', MALFORMED),
  early('CONNECT with a number', '40P7', MALFORMED),
  early('CONNECT with half an object', '40P{"token":', MALFORMED),
  early('CONNECT with an object 33 levels deep', `40P{"a":${nested(32)}}`, MALFORMED),
  early('CONNECT with an object of more than 1,000,000 bytes', `40P{"a":"${'x'.repeat(LARGEST)}"}`, TOO_LARGE),
  early('CONNECT_ERROR from a client', '44P{"message":"no"}', MALFORMED),
];

export const PACKETS = [
  row('an empty packet', packet('')),
  row('the unknown packet type 7', packet('7')),
  row('the unknown packet type 9', packet('9x')),
  row('a letter for a packet type', packet('x')),
  row('base64 that is none', packet('b*')),
  row('the handshake of a server', packet('0{}')),
  row('a ping of the server’s', packet('2'), NOTHING),
  row('a pong that nobody asked for', packet('3'), NOTHING),
  row('an upgrade that was not tried', packet('5'), NOTHING),
  row('a message without a packet', packet('4')),
  row('the unknown Socket.IO type 7', packet('47')),
  row('a letter for a Socket.IO type', packet('4x')),
  row('a second CONNECT to a namespace', packet('40P')),
  row('DISCONNECT with a payload', packet('41P{}')),
  row('an event after DISCONNECT', (link, { prefix }) => link.sendAll([`41${prefix}`, `42${prefix}["ping"]`])),
  row('an event in a namespace that was not entered', packet('42/elsewhere,["ping"]')),
  row('an event without a payload', event('')),
  row('an event without a name', event('[]')),
  row('an event named null', event('[null]')),
  row('an event named true', event('[true]')),
  row('an event named by an object', event('[{}]')),
  row('an event named by half a surrogate pair', event(String.raw`["\ud800"]`)),
  row('an event with a reserved name: connect', event('["connect"]')),
  row('an event with a reserved name: disconnecting', event('["disconnecting",{}]')),
  row('an event with a reserved name: newListener', event('["newListener"]')),
  row('an event whose payload is an object', event('{"a":1}')),
  row('an event whose payload is cut off', event('["ping"')),
  row('an event with something after its payload', event('["ping"]x')),
  row('an event 33 levels deep', event(`["ping",${nested(32)}]`)),
  row('an event 100,000 levels deep', event(`["ping",${nested(100_000)}]`)),
  row('an event with 300 arguments', event(`["ping"${',1'.repeat(299)}]`)),
  row('an event that asks under 2^53', event('9007199254740992["ping"]')),
  row('an event that asks under a number of 40 digits', event(`${'9'.repeat(40)}["ping"]`)),
  row('an event with NUL before its payload', event('\u0000["ping"]')),
  row('an acknowledgement that nobody asked for', packet('43P7[]'), NOTHING),
  row('an acknowledgement without an id', packet('43P[]')),
  row('an acknowledgement under 2^53', packet('43P9007199254740992[]')),
  row('an acknowledgement whose payload is an object', packet('43P7{}')),
  row('a binary event without a number of attachments', packet('45P["a"]')),
  row('a binary event with no attachments', packet('450-P["a"]')),
  row('a binary event with 11 attachments', packet(`4511-P["a"${Array.from({ length: 11 }, (_, n) => `,${placeholder(n)}`).join('')}]`)),
  row('a placeholder beyond the attachments', packet(`451-P["a",${placeholder(1)}]`)),
  row('a placeholder that counts below 0', packet(`451-P["a",${placeholder(-1)}]`)),
  row('a text where an attachment was announced', (link, { prefix }) =>
    link.sendAll([`451-${prefix}["a",${placeholder(0)}]`, `42${prefix}["ping"]`])),
  row('a text between two attachments', (link, { prefix }) => {
    link.sendText(`452-${prefix}["a",${placeholder(0)},${placeholder(1)}]`);
    link.sendBinary(bytes(8));
    link.sendText(`42${prefix}["ping"]`);
  }),
  row('an attachment that nothing announced', (link) => link.sendBinary(bytes(64))),
  row('attachments of more than 1,000,000 bytes together', (link, { prefix }) => {
    link.sendText(`452-${prefix}["a",${placeholder(0)},${placeholder(1)}]`);
    link.sendBinary(bytes(600_000));
    link.sendBinary(bytes(600_000));
  }, ends('too_large', { status: 400 })),
  row('a message of more than 1,000,000 bytes', event(`["x","${'x'.repeat(LARGEST)}"]`), TOO_LARGE),
];

/** What only a body can hold. */
export const BODIES = [
  row('1,025 packets in a body', (link) => link.sendText(Array(1_025).fill('3').join('\x1e'))),
  row('a separator at the end of a body', (link) => link.sendText('3\x1e')),
  row('two separators in a row', (link) => link.sendText('3\x1e\x1e3')),
  row('a body that is no UTF-8', (link) => link.sendText(Buffer.from([0x34, 0xff, 0xfe]))),
];

// Frames that break RFC 6455, and what comes with their bytes.

import { ends } from './answers.js';

const [CONTINUATION, TEXT, CLOSE, PING] = [0, 1, 8, 9];
const FRAGMENT = Buffer.alloc(220_000, 0x78);

const bytes = (...values) => (raw) => raw.sendBytes(Buffer.from(values));
const closing = (...payload) => (raw) => raw.sendFrame(CLOSE, Buffer.from(payload));

/** `[what it is, how it is sent, the counted reason, the close code if it is not the reason's own]`. */
export const FRAMES = [
  ['a frame that is not masked', (raw) => raw.sendFrame(TEXT, Buffer.from('x'), { masked: false }), 'malformed'],
  ['reserved bit 1', bytes(0xc1, 0x80, 0, 0, 0, 0), 'malformed'],
  ['reserved bit 2', bytes(0xa1, 0x80, 0, 0, 0, 0), 'malformed'],
  ['reserved bit 3', bytes(0x91, 0x80, 0, 0, 0, 0), 'malformed'],
  ['reserved opcode 3', bytes(0x83, 0x80, 0, 0, 0, 0), 'malformed'],
  ['reserved control opcode 11', bytes(0x8b, 0x80, 0, 0, 0, 0), 'malformed'],
  ['a continuation without a start', (raw) => raw.sendFrame(CONTINUATION, Buffer.from('x')), 'malformed'],
  ['a text within a fragmented text', (raw) => {
    raw.sendFrame(TEXT, Buffer.from('x'), { fin: false });
    raw.sendFrame(TEXT, Buffer.from('x'));
  }, 'malformed'],
  ['a fragmented ping', (raw) => raw.sendFrame(PING, Buffer.from('x'), { fin: false }), 'malformed'],
  ['a ping of 126 bytes', (raw) => raw.sendFrame(PING, Buffer.alloc(126)), 'malformed'],
  ['a length with its highest bit set', bytes(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0), 'malformed'],
  ['a length of 2^63-1', bytes(0x81, 0xff, 0x7f, ...Array(7).fill(0xff), 0, 0, 0, 0), 'too_large'],
  ['text that is no UTF-8', (raw) => raw.sendFrame(TEXT, Buffer.from([0x34, 0xff, 0xfe])), 'malformed', { code: 1007 }],
  ['text that is no UTF-8 over two fragments', (raw) => {
    raw.sendFrame(TEXT, Buffer.from([0x34, 0xe2, 0x82]), { fin: false });
    raw.sendFrame(CONTINUATION, Buffer.from([0x28]));
  }, 'malformed', { code: 1007 }],
  ['a close of one byte', closing(3), 'malformed'],
  ['a close with code 999', closing(3, 0xe7), 'malformed'],
  ['a close with code 1005', closing(3, 0xed), 'malformed'],
  ['a close with a reason that is no UTF-8', closing(3, 0xe8, 0xff), 'malformed', { code: 1007 }],
  ['a message of 1,100,000 bytes', (raw) => raw.sendFrame(TEXT, Buffer.alloc(1_100_000, 0x78)), 'too_large'],
  ['the same in fragments', (raw) => {
    raw.sendFrame(TEXT, FRAGMENT, { fin: false });
    for (let sent = 1; sent < 5; sent += 1) raw.sendFrame(CONTINUATION, FRAGMENT, { fin: false });
  }, 'too_large'],
].map(([what, send, reason, told]) => ({ what, send, answer: ends(reason, told) }));

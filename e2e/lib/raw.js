// Engine.IO over a bare TCP stream, for what no well-behaved client says.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';

import { deferred, within } from './deadline.js';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** A key that changes nothing: for frames by the thousand. */
const NO_MASK = Buffer.alloc(4);

/** A frame (RFC 6455, section 5.2), masked if there is a key. */
function frame(opcode, payload, key, fin = true) {
  const { length } = payload;
  const head = [(fin ? 0x80 : 0) | opcode];
  const bit = key ? 0x80 : 0;
  if (length < 126) head.push(bit | length);
  else if (length < 65_536) head.push(bit | 126, length >> 8, length & 255);
  else head.push(bit | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255);
  if (!key) return Buffer.concat([Buffer.from(head), payload]);
  if (key === NO_MASK) return Buffer.concat([Buffer.from(head), key, payload]);
  const body = Buffer.from(payload);
  for (let at = 0; at < length; at += 1) body[at] ^= key[at & 3];
  return Buffer.concat([Buffer.from(head), key, body]);
}

/** A WebSocket that sends what it is told and parses no more than frames. */
export class RawSocket {
  #stream;
  #rest = Buffer.alloc(0);
  #messages = [];
  #waiting = [];
  #closed = deferred();
  #code = null;
  #ponged;

  /**
   * Opens a session at the server at `url`; the Engine.IO handshake is left to be read. If there is
   * no upgrade, `refusal` of the failure is the status and the body.
   */
  static async open(url, token, query = 'EIO=4&transport=websocket') {
    return RawSocket.at(url, `/socket.io/?${query}&token=${encodeURIComponent(token)}`);
  }

  /** Opens a WebSocket at `path` of the server at `url`, of whatever kind it is. */
  static async at(url, path, headers = {}) {
    const raw = new RawSocket();
    await raw.#open(new URL(url), path, headers);
    return raw;
  }

  /** As `open`, and the namespace `/` entered, its welcome read. */
  static async connected(person) {
    const raw = await RawSocket.open(person.rest.url, person.token);
    raw.sendText('40');
    await raw.nextThat((message) => message.startsWith('42["connected"'));
    return raw;
  }

  /** Whether it answers no heartbeat. */
  deaf = false;
  /** Called with the text of every message instead of keeping it for `next`. */
  onMessage = null;

  /** The next text message. */
  next() {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    const waiting = deferred();
    this.#waiting.push(waiting);
    return within(waiting.promise, 'a message on a bare socket');
  }

  /** The next text message that passes `test`; those before it are dropped. */
  async nextThat(test) {
    for (;;) {
      const message = await this.next();
      if (test(message)) return message;
    }
  }

  /** The WebSocket close code that the server ends with; null if it ends without one. */
  closed() {
    return within(this.ended, 'the end of a bare socket');
  }

  /** As `closed`, for who does not wait for it. */
  get ended() {
    return this.#closed.promise;
  }

  /** Sends a text message. */
  sendText(text) {
    this.sendFrame(TEXT, Buffer.from(text));
  }

  /** Sends many text messages. */
  sendAll(texts) {
    this.sendBytes(Buffer.concat(texts.map((text) => frame(TEXT, Buffer.from(text), NO_MASK))));
  }

  /** Sends a binary message. */
  sendBinary(bytes) {
    this.sendFrame(BINARY, bytes);
  }

  /** Sends one frame (RFC 6455, section 5.2), whole and masked unless told otherwise. */
  sendFrame(opcode, payload, { fin = true, masked = true } = {}) {
    const key = masked ? randomBytes(4) : undefined;
    this.sendBytes(frame(opcode, payload, key, fin));
  }

  /** Sends bytes as they are. */
  sendBytes(bytes) {
    this.#stream.write(bytes);
  }

  /** Reads nothing until `resume`. */
  pause() {
    this.#stream.pause();
  }

  /** Pings (RFC 6455, section 5.5.2) and waits for the answer: all that was sent before is read. */
  async pinged() {
    this.#ponged = deferred();
    this.sendFrame(PING, Buffer.from('still there?'));
    const payload = await within(this.#ponged.promise, 'a pong on a bare socket');
    assert.equal(payload.toString(), 'still there?');
  }

  /** Reads on. */
  resume() {
    this.#stream.resume();
  }

  /** Ends the TCP stream without a word. */
  destroy() {
    this.#stream.destroy();
  }

  /** Ends the TCP stream with a reset instead of its end. */
  reset() {
    this.#stream.resetAndDestroy();
  }

  async #open({ hostname, port, host }, path, headers) {
    const key = randomBytes(16).toString('base64');
    this.#stream = connect({ host: hostname, port: Number(port), noDelay: true });
    const opened = deferred();
    this.#stream.on('error', opened.reject);
    this.#stream.on('close', () => {
      opened.reject(new Error('the server hung up'));
      this.#closed.resolve(this.#code);
      this.#waiting.splice(0).forEach((one) => one.reject(new Error(`closed with ${this.#code}`)));
    });
    this.#stream.on('data', (bytes) => this.#headers(bytes, key, opened));
    const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#stream.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${more.join('')}\r\n`,
    );
    await within(opened.promise, 'the answer to an upgrade');
  }

  #headers(bytes, key, opened) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#rest.subarray(0, end).toString('latin1');
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (this.#rest.length < end + 4 + length) return;
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    if (!head.startsWith('HTTP/1.1 101') || !head.includes(accept.digest('base64'))) {
      const refusal = `${head.split(' ', 2)[1]} ${this.#rest.subarray(end + 4)}`;
      opened.reject(Object.assign(new Error(`no upgrade: ${head}`), { refusal }));
      this.destroy();
      return;
    }
    this.#stream.removeAllListeners('data');
    this.#stream.on('data', (more) => this.#read(more));
    const early = this.#rest.subarray(end + 4);
    this.#rest = Buffer.alloc(0);
    opened.resolve();
    if (early.length > 0) this.#read(early);
  }

  #read(bytes) {
    let input = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    for (;;) {
      if (input.length < 2) break;
      let length = input[1] & 127;
      let start = 2;
      if (length === 126) {
        if (input.length < 4) break;
        length = input.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (input.length < 10) break;
        length = Number(input.readBigUInt64BE(2));
        start = 10;
      }
      if (input.length < start + length) break;
      this.#frame(input[0] & 15, input.subarray(start, start + length));
      input = input.subarray(start + length);
    }
    // A copy, so that the rest of one frame does not keep the whole chunk.
    this.#rest = Buffer.from(input);
  }

  #frame(opcode, payload) {
    if (opcode === CLOSE) {
      this.#code = payload.length >= 2 ? payload.readUInt16BE(0) : null;
      this.#stream.end();
    } else if (opcode === PING) {
      if (!this.deaf) this.sendFrame(PONG, payload);
    } else if (opcode === PONG) {
      this.#ponged?.resolve(payload);
    } else if (opcode === TEXT) {
      this.#message(payload.toString());
    }
  }

  #message(text) {
    // Engine.IO's own heartbeat.
    if (text === '2') this.deaf || this.sendText('3');
    else if (this.onMessage) this.onMessage(text);
    else if (this.#waiting.length > 0) this.#waiting.shift().resolve(text);
    else this.#messages.push(text);
  }
}

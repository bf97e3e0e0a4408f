// Links to the server that show what is on the wire: one text for each packet or message, and one
// for the end. Only handshakes and heartbeats are left out, and answered.

import { WebSocket } from 'ws';

import { deferred, within } from './deadline.js';
import { Lane } from './envelope.js';

/** The ways in which a Socket.IO client can be linked. */
export const TRANSPORTS = ['websocket', 'polling', 'upgraded'];

/** Whether a client that connects to this path speaks Socket.IO. */
export const isSocketIo = (path) => /\/socket\.io\/(\?|$)/.test(path);

/** Opens a link to `path` of the server at `url`; how it begins is heard, not told. */
export function open(url, path, transport) {
  if (!isSocketIo(path)) return new Raw(url, path);
  const address = `${path}${path.includes('?') ? '&' : '?'}EIO=4&transport=`;
  return transport === 'websocket' ? new Engine(url, `${address}websocket`) : new Polled(url, address, transport);
}

/** What every link has: a lane of what was heard. */
class Link {
  #heard = new Lane();

  /** The next text, now or when it comes. */
  next(about) {
    return this.#heard.next(about);
  }

  /** What was heard and not read. */
  unread() {
    return this.#heard.take();
  }

  hear(text) {
    this.#heard.push(text);
  }
}

/** A WebSocket whose messages are the texts. */
class Raw extends Link {
  constructor(url, path) {
    super();
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, { perMessageDeflate: false });
    this.ready = deferred();
    this.socket.on('open', this.ready.resolve);
    // A failure is told by what follows it, or by the text that does not come.
    this.socket.on('error', () => {});
    this.socket.on('message', (bytes) => this.message(bytes.toString()));
    this.socket.on('unexpected-response', (_, response) => this.#refused(response));
    this.socket.on('close', (code, reason) => this.#ended(code, reason.toString()));
  }

  async say(text) {
    await within(this.ready.promise, 'a WebSocket being opened');
    this.socket.send(text);
  }

  /** Ends as a client does that leaves. */
  close(code = 1000) {
    this.gone = true;
    this.socket.close(code);
  }

  /** Ends without a word. */
  vanish() {
    this.gone = true;
    this.socket.terminate();
  }

  message(text) {
    this.hear(text);
  }

  async #refused(response) {
    this.gone = true;
    const body = Buffer.concat(await response.toArray()).toString();
    this.hear(`HTTP ${response.statusCode} ${body}`.trimEnd());
    this.socket.terminate();
  }

  #ended(code, reason) {
    if (this.gone) return;
    this.gone = true;
    this.hear(reason ? `(closed ${code} ${JSON.stringify(reason)})` : `(closed ${code})`);
  }
}

/** An Engine.IO session on a WebSocket. */
class Engine extends Raw {
  #opened = false;

  message(packet) {
    if (packet === '2') this.socket.send('3');
    else if (!this.#opened && packet[0] === '0') this.#opened = true;
    else this.hear(packet);
  }
}

/** An Engine.IO session that is polled, and upgraded once its first packet was answered. */
class Polled extends Link {
  #url;
  #address;
  #session = deferred();
  #upgrades;
  #polling;
  #upgrading = null;
  #abort = new AbortController();
  #socket = null;

  constructor(url, address, transport) {
    super();
    this.#url = url;
    this.#address = address;
    this.#upgrades = transport === 'upgraded';
    this.#polling = this.#begin();
  }

  async say(packet) {
    const sid = await within(this.#session.promise, 'an Engine.IO handshake');
    await this.#upgrading;
    if (this.#socket) return this.#socket.send(packet);
    const { status, body } = await this.#http(`polling&sid=${sid}`, { method: 'POST', body: packet });
    if (status !== 200) throw new Error(`${packet} was answered with HTTP ${status} ${body}`);
    if (this.#upgrades && !this.gone) this.#upgrading = this.#upgrade(sid);
    return this.#upgrading;
  }

  /** Ends as a client does that leaves. */
  async close() {
    const sid = await this.#session.promise;
    this.gone = true;
    if (this.#socket) this.#socket.close();
    else await this.#http(`polling&sid=${sid}`, { method: 'POST', body: '1' }).catch(() => {});
    this.#abort.abort();
  }

  /** Ends without a word. */
  vanish() {
    this.gone = true;
    this.#socket?.terminate();
    this.#abort.abort();
  }

  async #begin() {
    const { status, body } = await this.#http('polling');
    if (status !== 200) {
      this.gone = true;
      this.hear(`HTTP ${status} ${body}`);
      return;
    }
    const { sid } = JSON.parse(body.slice(1));
    this.#session.resolve(sid);
    while (!this.gone && !this.#socket) await this.#poll(sid);
  }

  async #poll(sid) {
    const answer = await this.#http(`polling&sid=${sid}`).catch(() => ({ status: 0 }));
    if (this.gone) return;
    if (answer.status !== 200) this.#ended();
    else for (const packet of answer.body.split('\x1e')) await this.#packet(packet, sid);
  }

  async #packet(packet, sid) {
    if (packet === '2') await this.#http(`polling&sid=${sid}`, { method: 'POST', body: '3' });
    else if (packet === '1') this.#ended();
    else if (packet !== '6') this.hear(packet);
  }

  /** Probes, waits until no poll is held any more, and changes over. */
  async #upgrade(sid) {
    const url = `${this.#url.replace(/^http/, 'ws')}${this.#address}websocket&sid=${sid}`;
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const probed = deferred();
    socket.on('error', probed.reject);
    socket.on('open', () => socket.send('2probe'));
    socket.on('message', (bytes) => this.#overSocket(bytes.toString(), socket, probed));
    socket.on('close', () => this.gone || !this.#socket || this.#ended());
    await within(probed.promise, 'the answer to a probe');
    this.#socket = socket;
    await within(this.#polling, 'the end of the last poll');
    socket.send('5');
  }

  #overSocket(packet, socket, probed) {
    if (packet === '3probe') probed.resolve();
    else if (packet === '2') socket.send('3');
    else this.hear(packet);
  }

  #ended() {
    if (this.gone) return;
    this.gone = true;
    this.hear('(closed)');
  }

  async #http(query, options) {
    const asked = fetch(`${this.#url}${this.#address}${query}`, { signal: this.#abort.signal, ...options });
    const response = await asked;
    return { status: response.status, body: await response.text() };
  }
}

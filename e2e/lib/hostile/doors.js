// The doors that bad input is tried at: each dialect over each transport that it has.

import { RawSocket } from '../raw.js';
import { DIALECTS } from './dialects.js';
import { PolledSession } from './polled.js';

/** One dialect over Socket.IO, on one transport. */
class SocketIoDoor {
  constructor(dialect, transport) {
    Object.assign(this, { dialect, transport });
    this.name = `${dialect.name}, ${transport}`;
    this.polled = transport === 'polling';
    this.socketIo = true;
    /** What a packet has after its type. */
    this.prefix = dialect.namespace === '/' ? '' : `${dialect.namespace},`;
  }

  /** A session that has said nothing. */
  async open(person) {
    const { rest, token } = person;
    if (this.transport === 'websocket') {
      const raw = await RawSocket.open(rest.url, token);
      await raw.next();
      return raw;
    }
    const polled = await PolledSession.open(rest.url, token, { idle: !this.polled });
    return this.polled ? polled : upgraded(polled, rest.url);
  }

  /** The packet that enters the namespace. */
  hello(person) {
    return `40${this.prefix}${this.dialect.auth?.(person) ?? ''}`;
  }

  /** How the last packet begins that lets a client in. */
  get welcome() {
    const { silent, welcome = 'connected' } = this.dialect;
    return silent ? `40${this.prefix}{"sid"` : `42${this.prefix}["${welcome}"`;
  }

  /** Lets a session into the namespace, and reads the welcome. */
  async connect(link, person) {
    link.sendText(this.hello(person));
    await link.nextThat((message) => message.startsWith(this.welcome));
    return link;
  }

  /** As `connect`, by single polls. */
  async greet(session, person) {
    await session.ask(this.hello(person));
    for (let heard = ''; !heard.includes(this.welcome); ) heard += (await session.ask()).body;
  }

  async enter(person) {
    return this.connect(await this.open(person), person);
  }

  /** The text of a word with the JSON of its argument. */
  say(word, json, ack = '') {
    return `42${this.prefix}${ack}[${JSON.stringify(word)}${json === undefined ? '' : `,${json}`}]`;
  }

  get question() {
    const { word, ack, text } = this.dialect.alive;
    return text ?? this.say(word, '{}', ack);
  }

  isAnswer(message) {
    return message.startsWith(this.dialect.alive.answer(this.prefix));
  }

  /** The text of a message that complains, otherwise undefined. */
  complaint(message) {
    if (!message.startsWith(`42${this.prefix}[`)) return undefined;
    return this.dialect.complaint(JSON.parse(message.slice(2 + this.prefix.length))) || undefined;
  }
}

/** One dialect on a raw socket. */
class RawDoor {
  transport = 'raw socket';
  polled = false;
  socketIo = false;

  constructor(dialect) {
    this.dialect = dialect;
    this.name = `${dialect.name}, raw socket`;
  }

  async enter(person) {
    const raw = await RawSocket.at(person.rest.url, `${this.dialect.path}?token=${encodeURIComponent(person.token)}`);
    await raw.nextThat((message) => JSON.parse(message).type === 'connected');
    return raw;
  }

  say(word, json) {
    return this.dialect.raw(word, json);
  }

  get question() {
    return this.dialect.alive.rawText;
  }

  isAnswer(message) {
    const { rawAnswer, rawPart } = this.dialect.alive;
    return rawAnswer === undefined ? message.includes(rawPart) : message.startsWith(rawAnswer);
  }

  complaint(message) {
    return this.dialect.complaint(JSON.parse(message)) || undefined;
  }
}

/** A session that began with polls and goes on as a WebSocket. */
async function upgraded(polled, url) {
  const raw = await RawSocket.at(url, `/socket.io/?EIO=4&transport=websocket&sid=${polled.sid}`);
  raw.sendText('2probe');
  await raw.nextThat((message) => message === '3probe');
  raw.sendText('5');
  return raw;
}

const overSocketIo = DIALECTS.filter(({ namespace }) => namespace !== undefined);
const overRaw = DIALECTS.filter(({ path }) => path !== undefined);

export const DOORS = [
  ...overSocketIo.flatMap((dialect) =>
    ['websocket', 'upgraded', 'polling'].map((transport) => new SocketIoDoor(dialect, transport)),
  ),
  ...overRaw.map((dialect) => new RawDoor(dialect)),
];

/** Doors whose messages are frames of a WebSocket. */
export const SOCKETS = DOORS.filter(({ polled }) => !polled);
export const SOCKET_IO = DOORS.filter(({ socketIo }) => socketIo);
export const POLLED = DOORS.filter(({ polled }) => polled);
/** Doors whose sessions are WebSockets from the beginning, and have an id. */
export const STRAY_DOORS = SOCKET_IO.filter(({ transport }) => transport === 'websocket');
/** Where requests of all kinds come in. */
export const HTTP = { name: 'HTTP', transport: 'HTTP', polled: false };

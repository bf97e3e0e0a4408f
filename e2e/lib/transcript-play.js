// Plays a transcript against a server of its own, and fails where the wire says otherwise.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { isSocketIo, open } from './transcript-links.js';
import { Different, fill, fillPath, match, show, split } from './transcript-match.js';
import { parseSteps } from './transcript-parse.js';
import { Rest } from './rest.js';
import { mint } from './tokens.js';
import { World } from './world.js';

/** Whether a transcript speaks Socket.IO, and so is played over each of its transports. */
export const speaksSocketIo = ({ steps }) =>
  steps.some((step) => step.kind === 'connects' && isSocketIo(step.path));

/**
 * Plays `transcript` in this dialect. `transport` is one of `TRANSPORTS`, for its Socket.IO
 * clients. `seen` is told the direction, the kind of link and the text of all that was said and heard.
 */
export async function play(transcript, dialect, transport, seen = () => {}) {
  const settings = transcript.steps.find((step) => step.kind === 'server')?.settings ?? '';
  const people = peopleOf(transcript.steps.find((step) => step.kind === 'people'));
  const world = await World.start(people.map(({ name }) => name), {
    dialect,
    env: Object.fromEntries(settings.split(' ').filter(Boolean).map((one) => one.split('='))),
  });
  const player = new Player(world, transcript, transport, seen);
  try {
    for (const step of transcript.steps) await player.play(step);
    await player.end();
  } finally {
    player.stop();
    await world.stop();
  }
}

/** Who a `people:` step names: `{ name, role }`, the role in the workspace if there is one. */
const peopleOf = (step) =>
  (step?.names.split(', ') ?? []).map((one) => {
    const [name, role] = one.split('=');
    return { name, role };
  });

class Player {
  #names = new Map();
  #clients = new Map();
  #last = [];

  constructor(world, transcript, transport, seen) {
    this.world = world;
    this.file = transcript.file;
    this.over = transport ? ` (over ${transport})` : '';
    this.transport = transport;
    this.seen = seen;
  }

  async play(step) {
    try {
      await this[step.kind](step);
    } catch (error) {
      throw error instanceof Failure ? error : this.#failure(step, error.message);
    }
  }

  /** Whoever is still there must hear nothing more. */
  async end() {
    for (const [who, client] of this.#clients) {
      const at = { line: 'end', whole: `${who} hears no more` };
      if (client.welcome && !client.link.gone) await this.silence({ ...at, who });
      const [unread] = client.link.unread();
      if (unread !== undefined) throw this.#failure(at, 'a line was not read', unread);
    }
  }

  stop() {
    this.#clients.forEach(({ link }) => link.vanish());
  }

  async people(step) {
    const people = peopleOf(step);
    // At once: the server looks only now and then at what is done beside it.
    const withRoles = people.filter(({ role }) => role);
    await Promise.all(withRoles.map(({ name, role }) => this.world.setRole(this.world[name], role)));
    for (const { name } of [{ name: 'root' }, ...people]) {
      const { id, token, refreshToken, home } = this.world[name];
      this.#names.set(name, id).set(`${name}.token`, token);
      this.#names.set(`${name}.refresh`, refreshToken).set(`${name}.home`, home.id);
      this.#names.set(`${name}.id`, id).set(`${name}.name`, name);
    }
  }

  server() {}

  token({ name, claims, forged }) {
    const signed = forged ? { secret: 'the secret of a stranger' } : {};
    this.#names.set(name, mint(JSON.parse(fill(claims, this.#names)), signed));
  }

  async asks({ who, method, path: where, body, status, answer }) {
    const person = who.split('/')[0];
    const rest = person === 'nobody' ? new Rest(this.world.server.url) : this.world[person]?.rest;
    if (!rest) throw new Different(`there is no ${person} among the people`);
    const sent = body && { raw: fill(body, this.#names) };
    const found = await rest.ask(method, fillPath(where, this.#names), sent);
    const actual = JSON.stringify(found.body);
    if (found.status !== Number(status)) throw new Different(`HTTP ${found.status} ${actual}`);
    if (answer) match(answer, actual, this.#names);
  }

  async becomes({ who, role }) {
    const person = this.world[who];
    if (!person?.rest) throw new Different(`there is no ${who} among the people`);
    await this.world.setRole(person, role);
  }

  connects({ who, path: where }) {
    const old = this.#clients.get(who)?.link;
    if (old && !old.gone) throw new Different(`${who} is connected already`);
    const [leftover] = old?.unread() ?? [];
    if (leftover !== undefined) throw new Different(`${leftover} was not read`);
    const link = open(this.world.server.url, fillPath(where, this.#names), this.transport);
    const kind = isSocketIo(where) ? 'socketio' : 'raw';
    this.#clients.set(who, { link, kind, welcome: false, namespace: '' });
  }

  async says({ who, text, whole }) {
    const client = this.#client(who);
    const sent = fill(text, this.#names);
    this.#note(whole);
    await client.link.say(sent);
    this.seen('>', client.kind, sent);
  }

  async hears(step) {
    await this.#take(step.who, [step]);
  }

  async group({ steps }) {
    const everybody = new Set(steps.map((step) => step.who));
    for (const who of everybody) await this.#take(who, steps.filter((step) => step.who === who));
  }

  /** What proves that nothing is on its way: the next that is heard is what `silence.*` says. */
  async silence({ who, line, whole }) {
    const client = this.#client(who);
    const file = path.join(path.dirname(this.file), `silence.${client.kind}`);
    if (!existsSync(file)) throw new Different(`there is no ${file}`);
    const text = readFileSync(file, 'utf8')
      .replaceAll('«who»', who)
      .replaceAll('«who.', `«${who.split('/')[0]}.`)
      .replaceAll('«ns»', client.namespace);
    const seen = this.seen;
    this.seen = () => {};
    for (const step of parseSteps(text.split('\n'), file)) {
      await this.play({ ...step, line, whole: `${whole} → ${step.whole}` });
    }
    this.seen = seen;
  }

  async closes({ who, code }) {
    await this.#client(who).link.close(code && Number(code));
  }

  vanishes({ who }) {
    this.#client(who).link.vanish();
  }

  #client(who) {
    const client = this.#clients.get(who);
    if (!client) throw new Different(`${who} is not connected`);
    return client;
  }

  /** The next texts of a client, as many as the steps: each step must be met by another one. */
  async #take(who, steps) {
    const client = this.#client(who);
    const left = [...steps];
    while (left.length > 0) {
      const wanted = left.map((step) => show(step.text, this.#names)).join('\n            or ');
      let actual;
      try {
        actual = await client.link.next('');
      } catch {
        throw this.#failure(left[0], 'nothing came', undefined, wanted);
      }
      const reasons = left.map((step) => this.#matches(step, actual));
      const met = reasons.indexOf(null);
      if (met < 0) throw this.#failure(left[0], reasons.join('; '), actual, wanted);
      this.#note(left[met].whole);
      left.splice(met, 1);
      this.#heard(client, actual);
    }
  }

  /** Why a text is not what a step expects; null if it is. */
  #matches(step, actual) {
    try {
      match(step.text, actual, this.#names);
      return null;
    } catch (error) {
      if (error instanceof Different) return error.message;
      throw error;
    }
  }

  #heard(client, text) {
    this.seen('<', client.kind, text);
    const [head] = split(text);
    const connected = /^40(\/[^,]+,)?$/.exec(head);
    if (connected) Object.assign(client, { welcome: true, namespace: connected[1] ?? '' });
    else if (client.kind === 'raw' && head === '') client.welcome = true;
    else if (/^4[14]/.test(head)) client.welcome = false;
  }

  #note(line) {
    this.#last.push(line);
    if (this.#last.length > 5) this.#last.shift();
  }

  #failure({ line, whole, who, text }, why, actual, wanted) {
    const expected = wanted ?? (text && show(text, this.#names)) ?? whole;
    return new Failure(
      [
        `${this.file}:${line}${this.over}: ${why}`,
        `  expected: ${who && wanted ? `${who} < ` : ''}${expected}`,
        ...(actual === undefined ? [] : [`  actual:   ${actual}`]),
        '  before:',
        ...this.#last.map((before) => `    ${before}`),
      ].join('\n'),
    );
  }
}

/** A place where the wire says otherwise. */
export class Failure extends Error {}

// A small client of the native REST interface.

import assert from 'node:assert/strict';

import { within } from './deadline.js';

export class Rest {
  #token;

  /** Asks the server at `url` as whoever holds `token`; without one, as nobody. */
  constructor(url, token) {
    this.url = url;
    this.#token = token;
  }

  /**
   * One request: `{ status, headers, body }`, the body parsed if it is JSON. `path` begins with
   * `/`, and is taken from `/api/v1` unless `options.root`.
   */
  async ask(method, path, { body, headers = {}, root = false, raw } = {}) {
    const sent = { ...headers };
    if (this.#token) sent.authorization ??= `Bearer ${this.#token}`;
    if (body !== undefined || raw !== undefined) sent['content-type'] ??= 'application/json';
    const request = fetch(`${this.url}${root ? '' : '/api/v1'}${path}`, {
      method,
      headers: sent,
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      redirect: 'manual',
    });
    const response = await within(request, `${method} ${path}`);
    const text = await within(response.text(), `the body of ${method} ${path}`);
    const json = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  }

  /** The body of a GET that must succeed. */
  async get(path, options) {
    return this.#body(200, 'GET', path, options);
  }

  /** The body of a POST that must answer 201. */
  async post(path, body, options) {
    return this.#body(201, 'POST', path, { ...options, body });
  }

  /** The body of a PATCH that must succeed. */
  async patch(path, body, options) {
    return this.#body(200, 'PATCH', path, { ...options, body });
  }

  /** A DELETE that must succeed. */
  async delete(path, options) {
    return this.#body(204, 'DELETE', path, options);
  }

  /** A request that must be refused with `status`; the refusal. */
  async refused(status, method, path, options) {
    const answer = await this.ask(method, path, options);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Everything that a list has, page by page along `Link: rel="next"`. */
  async all(path) {
    const found = [];
    for (let next = path; next; ) {
      const { status, headers, body } = await this.ask('GET', next);
      assert.equal(status, 200, JSON.stringify(body));
      found.push(...body);
      next = nextPage(headers.get('link'));
    }
    return found;
  }

  /** Everything that the feed has after `cursor`: `{ events, cursor }`. */
  async feed(cursor) {
    const events = [];
    for (let more = true; more; ) {
      const page = await this.get(`/sync?since=${encodeURIComponent(cursor)}`);
      assert.equal(page.reset ?? null, null, `the feed was reset after ${cursor}`);
      events.push(...page.events);
      ({ cursor, more } = page);
    }
    return { events, cursor };
  }

  /** Where the log ends now. */
  async cursor() {
    return (await this.get('/sync')).cursor;
  }

  async #body(expected, method, path, options) {
    const { status, body } = await this.ask(method, path, options);
    assert.equal(status, expected, `${method} ${path}: ${JSON.stringify(body)}`);
    return body;
  }
}

/** The path of the next page that a `Link` header names (RFC 8288), from `/api/v1` on. */
export function nextPage(link) {
  const found = /<([^>]*)>;\s*rel="?next"?/.exec(link ?? '');
  return found && new URL(found[1], 'http://base/api/v1/').pathname.replace(/^\/api\/v1/, '') +
    new URL(found[1], 'http://base/api/v1/').search;
}

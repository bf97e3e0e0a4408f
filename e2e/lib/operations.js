// Every operation of the OpenAPI document, done and held to what the document says of it.

import assert from 'node:assert/strict';

/** Headers of answers that the document must name where they come. */
const TOLD = ['chorus-cursor', 'etag', 'idempotency-replayed', 'link', 'set-cookie', 'retry-after'];

export class Operations {
  #done = { good: new Set(), bad: new Set() };

  constructor(document) {
    this.document = document;
    this.all = Object.entries(document.content.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, about]) => ({ path, method: method.toUpperCase(), about })),
    );
  }

  /** The operation of this id. */
  find(id) {
    const operation = this.all.find(({ about }) => about.operationId === id);
    assert.ok(operation, `the document has no operation ${id}`);
    return operation;
  }

  /** The schema of an operation's body, if it takes one. */
  form({ about }) {
    return about.requestBody?.content['application/json']?.schema;
  }

  /** Does an operation: `ids` go into its path, in order; `query` is appended. */
  async ask(rest, operation, { ids = [], query = '', ...options } = {}) {
    const left = [...ids];
    const path = operation.path.replaceAll(/\{\w+\}/g, () => left.shift() ?? 1) + query;
    const answer = await rest.ask(operation.method, path, { ...options, root: true });
    this.#hold(operation, answer);
    this.#done[answer.status < 400 ? 'good' : 'bad'].add(operation.about.operationId);
    return answer;
  }

  /** Operations that were never done well, or never refused although the document says they can be. */
  get missing() {
    const refusable = ({ about }) => Object.keys(about.responses).some((status) => status[0] === '4');
    const ids = (operations) => operations.map(({ about }) => about.operationId);
    const good = ids(this.all).filter((id) => !this.#done.good.has(id));
    const bad = ids(this.all.filter(refusable)).filter((id) => !this.#done.bad.has(id));
    return { good, bad };
  }

  #hold({ path, method, about }, { status, headers, body }) {
    const name = `${method} ${path} ${status}`;
    const response = this.document.resolve(about.responses[status]);
    assert.ok(response, `${name} is not in the document: ${JSON.stringify(body)}`);
    const [[media, content]] = Object.entries(response.content ?? { none: undefined });
    if (!content) {
      assert.equal(body, '', `${name} has a body`);
    } else {
      if (media !== '*/*') assert.equal(headers.get('content-type').split(';')[0], media, name);
      this.document.check(content.schema, body, name);
    }
    const told = Object.keys(response.headers ?? {}).map((header) => header.toLowerCase());
    for (const header of TOLD.filter((header) => headers.has(header))) {
      assert.ok(told.includes(header), `${name} has a header ${header} that the document does not name`);
    }
  }
}

// The figures at `/metrics`, read line by line: text format 0.0.4 of Prometheus.

import assert from 'node:assert/strict';

import { within } from './deadline.js';

const NAME = '[a-z][a-z0-9_]*';
const LABEL = `${NAME}="(?:[^"\\\\\\n]|\\\\["\\\\n])*"`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\d+(?:\\.\\d+)?)$`);
const HELP = new RegExp(`^# HELP (${NAME}) \\S.*$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`);

/** What the server at `url` tells anybody who asks. */
export class Metrics {
  #values = new Map();
  /** The type of each figure by its name. */
  types = new Map();
  /** Every value of every label. */
  labels = new Set();

  /** Asks without a token, and fails if a line is not of the format. */
  static async of(url) {
    const response = await within(fetch(`${url}/metrics`), 'GET /metrics');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    return new Metrics(await within(response.text(), 'the figures'));
  }

  constructor(text) {
    assert.ok(text.endsWith('\n'), 'the last line ends too');
    let helped;
    let family;
    for (const line of text.slice(0, -1).split('\n')) {
      const [help, type, sample] = [HELP, TYPE, SAMPLE].map((form) => form.exec(line));
      if (help) {
        helped = help[1];
      } else if (type) {
        [, family] = type;
        assert.equal(family, helped, 'HELP stands before TYPE');
        assert.ok(!this.types.has(family), `${family} is told once`);
        this.types.set(family, type[2]);
      } else {
        assert.ok(sample, `neither HELP nor TYPE nor a sample: ${line}`);
        this.#keep(family, ...sample.slice(1));
      }
    }
  }

  /** The value of a sample, such as `chorus_sessions{transport="raw"}`. */
  value(sample) {
    assert.ok(this.#values.has(sample), `${sample} is told`);
    return this.#values.get(sample);
  }

  /** The samples of a figure with one label: `{ label: value }`. */
  family(name) {
    const said = [...this.#values].filter(([sample]) => sample.startsWith(`${name}{`));
    return Object.fromEntries(said.map(([sample, value]) => [/="([^"]+)"/.exec(sample)[1], value]));
  }

  /** The buckets of a histogram in order: `[bound, count]`, the last with the bound `+Inf`. */
  buckets(name) {
    const said = [...this.#values].filter(([sample]) => sample.startsWith(`${name}_bucket{`));
    return said.map(([sample, count]) => [/le="([^"]+)"/.exec(sample)[1], count]);
  }

  #keep(family, name, labels, value) {
    const suffixes = this.types.get(family) === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    const names = suffixes.map((suffix) => family + suffix);
    assert.ok(names.includes(name), `${name} stands under ${family}`);
    const sample = labels === undefined ? name : `${name}{${labels}}`;
    assert.ok(!this.#values.has(sample), `${sample} is told once`);
    this.#values.set(sample, Number(value));
    for (const [, said] of (labels ?? '').matchAll(/="((?:[^"\\]|\\.)*)"/g)) this.labels.add(said);
  }
}

// The server's own description of itself, and a stock validator that holds the server to it.

import assert from 'node:assert/strict';

import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** An OpenAPI or AsyncAPI document, as a reader of schemas. */
export class Document {
  #ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
  #compiled = new Map();

  constructor(document) {
    this.content = document;
    const { schemas } = document.components;
    const open = Object.entries(schemas).map(([name, schema]) => [name, inner(schema)]);
    this.#ajv.addSchema({ $id: 'document', components: { schemas: Object.fromEntries(open) } });
  }

  /** What a reference stands for; anything else is itself. */
  resolve(part) {
    if (!part?.$ref) return part;
    const steps = part.$ref.slice(2).split('/');
    return this.resolve(steps.reduce((at, step) => at[step.replaceAll('~1', '/')], this.content));
  }

  /** Fails unless `value` is as `schema` says, without a property that it does not name. */
  check(schema, value, about) {
    const { valid, errors } = this.test(schema, value);
    assert.ok(valid, `${about}: ${errors}\n${JSON.stringify(value)}`);
  }

  /** Whether `value` is as `schema` says, and what is wrong with it. */
  test(schema, value) {
    const key = JSON.stringify(schema);
    if (!this.#compiled.has(key)) this.#compiled.set(key, this.#ajv.compile(elsewhere(sealed(schema))));
    const validate = this.#compiled.get(key);
    return { valid: validate(value), errors: this.#ajv.errorsText(validate.errors) };
  }

  /** The fields of an object's schema: `{ properties, required }`. */
  fields(schema) {
    const whole = this.resolve(schema);
    const fields = { properties: { ...whole.properties }, required: [...(whole.required ?? [])] };
    for (const part of whole.allOf ?? []) {
      const more = this.fields(part);
      Object.assign(fields.properties, more.properties);
      fields.required.push(...more.required);
    }
    return fields;
  }

  /** Values that `schema` does not allow, one for each of its rules. */
  wrongs(schema) {
    const whole = this.resolve(schema);
    const parts = [...(whole.anyOf ?? []), ...(whole.allOf ?? [])].filter((part) => part.type !== 'null');
    if (parts.length > 0) return parts.flatMap((part) => this.wrongs(part));
    const wrong = [{ odd: [] }];
    if (whole.maxLength !== undefined) wrong.push('x'.repeat(whole.maxLength + 1));
    if (whole.maximum !== undefined) wrong.push(whole.maximum + 1);
    if (whole.minimum !== undefined) wrong.push(whole.minimum - 1);
    if (whole.enum ?? whole.oneOf) wrong.push('no such word');
    if (whole.format === 'date-time') wrong.push('soon');
    if (whole.maxItems !== undefined) wrong.push(Array(whole.maxItems + 1).fill(1));
    return wrong.filter((one) => !this.test(schema, one).valid);
  }

  /** Objects of `schema` like `good`, each with one mistake: `{ field, object }`. */
  mistakes(schema, good) {
    const { properties, required } = this.fields(schema);
    const mistakes = [];
    for (const field of required) {
      const { [field]: _, ...object } = good;
      mistakes.push({ field, object });
    }
    for (const [field, rules] of Object.entries(properties)) {
      for (const wrong of this.wrongs(rules)) mistakes.push({ field, object: { ...good, [field]: wrong } });
    }
    return mistakes;
  }
}

/** References from outside the document. */
const elsewhere = (schema) =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/'));

/** Whether a schema describes a whole value, and does not only say more of one. */
const whole = (schema) =>
  ['type', '$ref', 'allOf', 'anyOf', 'oneOf'].some((word) => Object.hasOwn(schema, word));

/** `schema`, with no property beside those that it names, there and inside. */
function sealed(schema) {
  if (typeof schema === 'boolean') return schema;
  if (!whole(schema)) return inner(schema);
  return { allOf: [inner(schema)], unevaluatedProperties: false };
}

/** `schema`, sealed inside alone: what refers to it may add properties of its own. */
function inner(schema) {
  if (typeof schema === 'boolean') return schema;
  const all = (schemas, change) =>
    Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, change(one)]));
  const changed = { ...schema };
  if (schema.properties) changed.properties = all(schema.properties, sealed);
  for (const word of ['items', 'additionalProperties']) {
    if (schema[word] !== undefined) changed[word] = sealed(schema[word]);
  }
  for (const word of ['allOf', 'anyOf', 'oneOf']) {
    if (schema[word]) changed[word] = schema[word].map(inner);
  }
  return changed;
}

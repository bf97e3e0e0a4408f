// Exact shapes of payloads: the same keys, no more and no fewer, each of its type or value.

import assert from 'node:assert/strict';

/** A JSON number without a fraction. */
export const id = (value) => Number.isSafeInteger(value) && value > 0;
/** A text. */
export const text = (value) => typeof value === 'string';
/** A moment as the Task Manager app writes it: UTC, six digits, no zone. */
export const naive = (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/.test(value);
/** A moment as the native interface writes it: RFC 3339 in UTC. */
export const instant = (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
/** True or false. */
export const flag = (value) => typeof value === 'boolean';
/** A JSON number. */
export const number = (value) => typeof value === 'number';
/** Null, or what `shape` is. */
export const nullable = (shape) => (value) => value === null || shape(value);

/**
 * Fails unless `value` has exactly the keys of `shape`. A function in the shape is a test of the
 * value, an object a shape of its own, anything else the value itself.
 */
export function assertShape(value, shape, where = 'payload') {
  assert.ok(value !== null && typeof value === 'object', `${where} is an object`);
  assert.deepEqual(Object.keys(value).sort(), Object.keys(shape).sort(), `the keys of ${where}`);
  for (const [key, expected] of Object.entries(shape)) {
    const [found, place] = [value[key], `${where}.${key}`];
    if (typeof expected === 'function') {
      assert.ok(expected(found), `${place} is ${JSON.stringify(found)}, not ${expected.name || 'as told'}`);
    } else if (expected !== null && typeof expected === 'object' && !Array.isArray(expected)) {
      assertShape(found, expected, place);
    } else {
      assert.deepEqual(found, expected, place);
    }
  }
}

/** How events of the Task Manager app name who did it. */
export const actor = (person) => ({
  id: person.id,
  username: person.name,
  full_name: person.fullName,
});

// What a line of a transcript expects, held against what came: names that are bound when they are
// first seen, and holes of a type.

/** The types of holes. */
const TYPES = {
  int: Number.isSafeInteger,
  number: (value) => typeof value === 'number',
  'float-seconds': (value) => typeof value === 'number' && value > 1e9 && value < 1e11,
  text: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  uuid: form(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  'iso-micros': form(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/),
  'iso-micros-offset': form(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
  'iso-micros-z': form(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
  'iso-millis-z': form(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  any: () => true,
};

function form(pattern) {
  return (value) => typeof value === 'string' && pattern.test(value);
}

const HOLE = /«([^«»]+)»/;
/** How a hole that stands for a whole value, and `…` among the keys of an object, survive `JSON.parse`. */
const WHOLE = /^\u0001([^\u0001]+)\u0001$/;
const MORE = '\u0002';

/** A difference, as a sentence. */
export class Different extends Error {}

/** The part of a packet before its JSON, and the JSON: `['42/api,', '["error",…]']`. */
export function split(text) {
  const at = text.startsWith('(') ? -1 : text.search(/[[{]/);
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at)];
}

/**
 * Fails with `Different` unless the text `actual` is what `expected` says. Names in `expected`
 * that `names`, a Map, has not are added to it.
 */
export function match(expected, actual, names) {
  const [head, body] = split(expected);
  const [actualHead, actualBody] = split(actual);
  if (head.startsWith('(closed')) return matchEnd(head, actual);
  if (fill(head, names) !== actualHead) {
    throw new Different(`it begins with ${quote(actualHead)}, not with ${quote(head)}`);
  }
  if (body === '' || actualBody === '') {
    if (body !== actualBody) throw new Different(`${body ? 'no JSON, but' : 'JSON where none was'} expected`);
    return undefined;
  }
  // Bound only if all of it matches, so that one line may be tried against several.
  const tried = new Map(names);
  compare(template(body), JSON.parse(actualBody), '$', tried);
  tried.forEach((value, name) => names.set(name, value));
  return undefined;
}

/** `(closed)`, `(closed 4401)`, `(closed 4401 "reason")`: as much as is said must be so. */
function matchEnd(expected, actual) {
  const said = expected.slice(0, -1);
  // A session that is polled has no close code.
  const unsaid = actual === '(closed)' || actual === expected;
  if (!unsaid && !(actual.startsWith(`${said} `) || actual.startsWith(`${said})`))) {
    throw new Different('it ended otherwise');
  }
}

/**
 * `text` with the values of its names: as JSON, or as part of the string in which they stand.
 * `«x*10000»` is that many `x`.
 */
export function fill(text, names) {
  return scan(text, (name, inString) => {
    const repeated = /^(.)\*(\d+)$/.exec(name);
    if (repeated) return repeated[1].repeat(Number(repeated[2]));
    const value = lookUp(name, names);
    return inString ? JSON.stringify(String(value)).slice(1, -1) : JSON.stringify(value);
  });
}

/** `path` with the values of its names, percent-encoded. */
export function fillPath(path, names) {
  return path.replace(new RegExp(HOLE, 'g'), (_, name) => encodeURIComponent(lookUp(name, names)));
}

/** Fills in what is known, for messages. */
export function show(text, names) {
  return scan(text, (name, inString) => {
    const value = names.get(name.split(':')[0]);
    if (value === undefined) return `«${name}»`;
    return inString ? String(value) : JSON.stringify(value);
  });
}

function lookUp(name, names) {
  const now = /^now([+-]\d+)?$/.exec(name);
  if (now) return Math.floor(Date.now() / 1000) + Number(now[1] ?? 0);
  if (!names.has(name)) throw new Different(`«${name}» was not seen before`);
  return names.get(name);
}

function compare(expected, actual, where, names) {
  if (typeof expected === 'string') return compareText(expected, actual, where, names);
  if (expected === null || typeof expected !== 'object') {
    if (!Object.is(expected, actual)) throw wrong(where, actual, quote(expected));
    return undefined;
  }
  if (kindOf(expected) !== kindOf(actual)) throw wrong(where, actual, `an ${kindOf(expected)}`);
  if (Array.isArray(expected) && expected.length !== actual.length) {
    throw new Different(`${where} has ${actual.length} elements, not ${expected.length}`);
  }
  const keys = Object.keys(expected).filter((key) => key !== MORE);
  const missing = keys.find((key) => !Object.hasOwn(actual, key));
  if (missing !== undefined) throw new Different(`${where} has no ${quote(missing)}`);
  const extra = Object.keys(actual).find((key) => !Object.hasOwn(expected, key));
  if (extra !== undefined && !Object.hasOwn(expected, MORE)) {
    throw new Different(`${where} has ${quote(extra)} too`);
  }
  keys.forEach((key) => compare(expected[key], actual[key], `${where}.${key}`, names));
  return undefined;
}

function compareText(expected, actual, where, names) {
  const whole = WHOLE.exec(expected);
  if (whole) return compareHole(whole[1], actual, where, names);
  if (typeof actual !== 'string') throw wrong(where, actual, quote(expected));
  const pieces = expected.split(new RegExp(HOLE, 'g'));
  let rest = actual;
  for (const [at, piece] of pieces.entries()) {
    const text = at % 2 === 0 ? piece : partOf(piece, rest, pieces[at + 1], names);
    if (text === null || !rest.startsWith(text)) throw wrong(where, actual, quote(show(expected, names)));
    rest = rest.slice(text.length);
  }
  if (rest !== '') throw wrong(where, actual, quote(show(expected, names)));
  return undefined;
}

/** What a hole within a text stands for: a known value, or all up to what follows it. */
function partOf(hole, rest, following, names) {
  const known = names.get(hole);
  if (known !== undefined) return String(known);
  const end = following === '' ? rest.length : rest.indexOf(following);
  if (end <= 0) return null;
  const [name, type] = parts(hole);
  const text = rest.slice(0, end);
  const value = ['int', 'number'].includes(type) ? Number(text) : text;
  if (!TYPES[type](value)) return null;
  if (name) names.set(name, value);
  return text;
}

function compareHole(hole, actual, where, names) {
  const [name, type] = parts(hole);
  if (!TYPES[type](actual)) throw wrong(where, actual, `of the type ${type}`);
  if (!name) return;
  if (!names.has(name)) names.set(name, actual);
  else if (names.get(name) !== actual) throw wrong(where, actual, `«${name}», ${quote(names.get(name))}`);
}

/** The name and the type of a hole; a type alone has no name. */
function parts(hole) {
  if (Object.hasOwn(TYPES, hole)) return [null, hole];
  const [name, type = 'any'] = hole.split(':');
  if (!Object.hasOwn(TYPES, type)) throw new Different(`«${hole}»: there is no type ${type}`);
  return [name, type];
}

/** The JSON of a text with holes. */
function template(text) {
  const holes = scan(text, (name, inString) => (inString ? `«${name}»` : `"\\u0001${name}\\u0001"`));
  const json = outside(holes, (part) => part.replaceAll('…', `"\\u0002":0`));
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new Different(`the line in the transcript is no JSON: ${error.message}`);
  }
}

/** Replaces each hole of `text`, telling whether it stands in a JSON string. */
function scan(text, replace) {
  let inString = false;
  return text.replace(/\\.|"|«([^«»]+)»/g, (found, name) => {
    if (found === '"') inString = !inString;
    return name === undefined ? found : replace(name, inString);
  });
}

/** `text` with `change` applied to what stands outside of its JSON strings. */
function outside(text, change) {
  return text.replace(/"(?:\\.|[^"\\])*"|[^"]+/g, (part) => (part[0] === '"' ? part : change(part)));
}

const quote = (value) => JSON.stringify(value);
const kindOf = (value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);
const wrong = (where, actual, wanted) => new Different(`${where} is ${quote(actual)}, not ${wanted}`);

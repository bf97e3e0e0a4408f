// Which words of a dialect its transcripts say and hear, held against the list of its words.

import { readFileSync } from 'node:fs';

import { split } from './transcript-match.js';

const LINE = /^(?:(?<kind>socketio|raw) )?(?<way>[<>]) (?<word>(?:[^:]|:(?! ))+?)(?:: (?<said>.+?))?(?: {2,}(?<mark>later|elsewhere): .+)?$/;

/** What was said and heard in one dialect. */
export class Seen {
  #words = new Map();

  /** Notes a text; the arguments are those with which `play` tells it. */
  note(way, kind, text) {
    const found = read(text);
    if (!found) return;
    const key = `${kind} ${way} ${found.word}`;
    if (!this.#words.has(key)) this.#words.set(key, new Set());
    found.texts.forEach((one) => this.#words.get(key).add(one));
  }

  /**
   * Every way in which this differs from the list in `file`: words of the list that were not
   * seen, words marked as not played that were, and words heard that the list does not have.
   */
  differences(file) {
    const listed = readFileSync(file, 'utf8').split('\n').flatMap((line, at) => this.#listed(line, `${file}:${at + 1}`));
    const differences = listed.flatMap(({ place, line, mark, seen }) => {
      if (mark && seen) return [`${place}: is seen, and still marked "${mark}": ${line}`];
      return mark || seen ? [] : [`${place}: no transcript has it: ${line}`];
    });
    const known = new Set(listed.flatMap(({ keys }) => keys));
    const unlisted = [...this.#words.keys()].filter((key) => key.includes(' < ') && !known.has(key));
    return [...differences, ...unlisted.map((key) => `${file}: has not what was heard: ${key}`)];
  }

  #listed(line, place) {
    const text = line.replace(/^#.*$/, '').trimEnd();
    if (text === '') return [];
    const found = LINE.exec(text)?.groups;
    if (!found) throw new Error(`${place}: no line of a list of words: ${text}`);
    const kinds = found.kind ? [found.kind] : this.#kinds();
    const keys = kinds.map((kind) => `${kind} ${found.way} ${found.word}`);
    const seen = keys.every((key) => this.#has(key, found.said));
    return [{ place, line: text, mark: found.mark, keys, seen }];
  }

  #has(key, said) {
    const texts = this.#words.get(key);
    return Boolean(texts) && (said === undefined || [...texts].some((one) => like(said, one)));
  }

  /** The kinds of links that the transcripts of the dialect have. */
  #kinds() {
    return [...new Set([...this.#words.keys()].map((key) => key.split(' ')[0]))];
  }
}

/** Whether `text` is `pattern`, in which `*` stands for anything. */
function like(pattern, text) {
  const pieces = pattern.split('*').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pieces.join('.*')}$`, 's').test(text);
}

/** The word of a text on the wire, and every string below it; null if it has none. */
function read(text) {
  const ended = /^(\(closed(?: \d+)?)(?: "(.*)")?\)$/.exec(text);
  if (ended) return { word: `${ended[1]})`, texts: ended[2] ? [ended[2]] : [] };
  const [head, body] = split(text);
  let content = null;
  try {
    content = body && JSON.parse(body);
  } catch {
    return null;
  }
  const packet = /^4([0-4])/.exec(head)?.[1];
  const strings = [...stringsOf(content)];
  if (head.startsWith('HTTP')) return { word: head, texts: strings };
  if (packet === '2') return { word: content[0], texts: strings.slice(1) };
  if (packet) return { word: `4${packet}`, texts: strings };
  return typeof content?.type === 'string' ? { word: content.type, texts: strings } : null;
}

function* stringsOf(value) {
  if (typeof value === 'string') yield value;
  else if (value && typeof value === 'object') for (const one of Object.values(value)) yield* stringsOf(one);
}

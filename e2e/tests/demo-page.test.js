// The demo page in a real browser: two people in two windows, each of whom sees what the other does.
//
// CHROMIUM is the browser's path (default /usr/bin/chromium). The tests build on each other: they are
// one visit, from the first sign-in to the departure.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { DEADLINE_MS, deferred, within } from '../lib/deadline.js';

const BINARY =
  process.env.CHORUS_BIN ?? fileURLToPath(new URL('../../target/debug/chorus', import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** The sandbox needs rights that containers lack; the rest keeps the browser from calling home. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** `chorus demo` on a free port: its address, and a function that ends it. */
async function serveDemo() {
  const child = spawn(BINARY, ['demo', '--listen', '127.0.0.1:0'], {
    env: { PATH: process.env.PATH, CHORUS_LOG: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const log = [];
  const [listening, exited] = [deferred(), deferred()];
  child.once('error', (error) => exited.resolve({ error }));
  child.once('exit', (code, signal) => exited.resolve({ code, signal }));
  exited.promise.then((how) =>
    listening.reject(new Error(`${BINARY} ended: ${how.error ?? JSON.stringify(how)}\n${log.join('\n')}`)),
  );
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.push(line);
    const said = /^listening on (http:\/\/\S+) \(native\)$/.exec(line);
    if (said) listening.resolve(said[1]);
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await within(exited.promise, () => `the end of the demo\n${log.join('\n')}`);
    assert.deepEqual(log.filter((line) => line.includes('panicked')), [], 'the server panicked');
  };
  return { url: await within(listening.promise, () => `the demo listening\n${log.join('\n')}`), stop };
}

/** One person's window: the page, and what its console had to complain of. */
class Visitor {
  complaints = [];

  static async arrive(browser, url, username) {
    const visitor = new Visitor();
    const context = await browser.newContext({ viewport: { width: 1400, height: 860 } });
    context.setDefaultTimeout(DEADLINE_MS);
    visitor.page = await context.newPage();
    visitor.#listen(username);
    visitor.answer = await visitor.page.goto(url);
    await visitor.see(`signin-${username}`).then((button) => button.click());
    await visitor.page.locator('[data-testid=connection][data-state=connected]').waitFor();
    await visitor.see(`present-${username}`);
    return visitor;
  }

  /** Chromium reports what the page's policy forbids as errors on the console, too. */
  #listen(username) {
    this.page.on('pageerror', (error) => this.complaints.push(`${username}: ${error}`));
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) {
        this.complaints.push(`${username}: ${message.text()}`);
      }
    });
  }

  /** The element of this test id, once it is visible. */
  async see(testId) {
    const element = this.page.getByTestId(testId);
    await element.waitFor();
    return element;
  }

  /** Waits until an element of this test id says `text`. */
  read(testId, text) {
    return this.page.getByTestId(testId).filter({ hasText: text }).waitFor();
  }

  /** The card of a task, in a column if one is named. */
  card(title, column) {
    const place = column ? this.page.getByTestId(`column-${column}`) : this.page;
    return place.locator('.card', { hasText: title });
  }

  /** Opens a task where its comments are written. */
  async openComments(title) {
    await this.page.getByRole('button', { name: `Comments on “${title}”` }).click();
    return this.see('comment-body');
  }
}

describe('the demo page', () => {
  let demo;
  let browser;
  let alice;
  let bob;
  const visitors = () => [alice, bob].filter(Boolean);

  before(async () => {
    assert.ok(existsSync(CHROMIUM), `no browser at ${CHROMIUM}: install chromium, or set CHROMIUM to one`);
    demo = await serveDemo();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('is served under a policy that lets nothing foreign in', async () => {
    alice = await Visitor.arrive(browser, demo.url, 'alice');
    const policy = alice.answer.headers()['content-security-policy'];
    assert.match(policy, /default-src 'none'|default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
  });

  test('shows who comes in', async () => {
    assert.equal(await alice.page.getByTestId('present-bob').count(), 0);
    bob = await Visitor.arrive(browser, demo.url, 'bob');
    await alice.see('present-bob');
    await alice.read('feed', 'Bob Okafor came in');
    await bob.see('present-alice');
  });

  test('shows a card moved with the keyboard in its new column', async () => {
    const title = 'Casting: the ferryman';
    await alice.card(title, 'todo').waitFor();
    await bob.page.getByRole('button', { name: `Move “${title}” to In progress` }).focus();
    await bob.page.keyboard.press('Enter');
    await alice.card(title, 'in_progress').waitFor();
    await alice.read('feed', `Bob Okafor moved “${title}” to In progress`);

    // The focus goes with the card: each further press moves it on.
    for (const next of ['Review', 'Blocked', 'Done']) {
      await bob.page.locator(`:focus[aria-label="Move “${title}” to ${next}"]`).waitFor();
      await bob.page.keyboard.press('Enter');
      await alice.card(title, next.toLowerCase()).waitFor();
    }
    await alice.read('feed', `Bob Okafor moved “${title}” to Done`);
    assert.equal(await alice.card(title).count(), 1, 'it is in one column only');
  });

  test('shows a card dragged with the mouse in its new column', async () => {
    const title = 'Storyboard the chase';
    await alice.card(title, 'in_progress').dragTo(alice.page.getByTestId('column-done'));
    await bob.card(title, 'done').waitFor();
    await bob.read('feed', `Alice Moreau moved “${title}” to Done`);
  });

  test('shows who is typing, on the card and in it', async () => {
    const title = 'Call sheet, night one';
    const field = await bob.openComments(title);
    await field.press('T');
    await alice.card(title).locator('.card-typing').waitFor();
    await field.fill('');
    await alice.card(title).locator('.card-typing').waitFor({ state: 'hidden' });

    await alice.openComments(title);
    await field.press('T');
    await alice.read('typing-line', 'Bob Okafor is typing…');
  });

  test('shows a comment as it was written', async () => {
    const words = 'Crew call at <b>17:00</b>, please';
    const field = bob.page.getByTestId('comment-body');
    await field.fill(words);
    await field.press('Enter');
    await alice.read('comments', words);
    await alice.page.locator('[data-testid=typing-line]:empty').waitFor({ state: 'attached' });
    await alice.read('toasts', 'New comment on your task “Call sheet, night one”');
    await alice.read('feed', 'Bob Okafor commented on “Call sheet, night one”');
  });

  test('shows who has closed the page as gone', async () => {
    await bob.page.close();
    await alice.page.getByTestId('present-bob').waitFor({ state: 'detached' });
    await alice.read('feed', 'Bob Okafor left');
    await alice.see('present-alice');
  });

  test('had nothing to complain of', () => {
    assert.equal(visitors().length, 2);
    assert.deepEqual(visitors().flatMap((visitor) => visitor.complaints), []);
  });
});

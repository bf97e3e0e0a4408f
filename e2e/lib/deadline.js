// The one place that knows how long anything may take. Tests wait for events; the deadline only
// decides when an event that does not come is a failure.

/** Milliseconds that any single wait may take. */
export const DEADLINE_MS = Number(process.env.E2E_DEADLINE_MS ?? 20_000);

/**
 * The outcome of `promise`, or a failure that names what was waited for.
 * `about` may be a function, so that the failure tells the state at the end of the wait.
 */
export function within(promise, about, ms = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const what = typeof about === 'function' ? about() : about;
      reject(new Error(`nothing within ${ms} ms: ${what}`));
    }, ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A promise with its two ends. */
export function deferred() {
  const ends = {};
  ends.promise = new Promise((resolve, reject) => Object.assign(ends, { resolve, reject }));
  return ends;
}

// The REST interface, spoken as the person of this tab.

import { session } from "./session.js";

const ROOT = "/api/v1";

/** A call that failed: the status (0 if no answer came) and a text for people. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Signs in; the session holds the person afterwards. */
export async function login(username, password) {
  const answer = await send("POST", `${ROOT}/auth/login`, { username, password });
  if (!answer.ok) throw await failure(answer);
  session.begin(await answer.json());
}

/** Signs out, here at once and on the server if it can be reached. */
export async function logout() {
  const refresh_token = session.refreshToken;
  const ended = send("POST", `${ROOT}/auth/logout`, { refresh_token });
  session.end();
  await ended.catch(() => {});
}

let renewal = null;

/** Fetches a new token; false if the person has to sign in again. Concurrent calls share one. */
export function renew() {
  renewal ??= fetchToken().finally(() => (renewal = null));
  return renewal;
}

async function fetchToken() {
  const refresh_token = session.refreshToken;
  if (!refresh_token) return false;
  const answer = await send("POST", `${ROOT}/auth/refresh`, { refresh_token });
  // The person may have signed out, or in as somebody else, meanwhile.
  if (session.refreshToken !== refresh_token) return session.token !== null;
  if (answer.ok) {
    session.begin(await answer.json());
    return true;
  }
  if (answer.status >= 500) throw await failure(answer);
  session.end("Please sign in again.");
  return false;
}

export const listProjects = () => all(`${ROOT}/projects`);
export const listMembers = (project) => all(`${ROOT}/projects/${project}/members`);
export const listTasks = (project) =>
  all(`${ROOT}/projects/${project}/tasks?sort=position&limit=200`);
export const listComments = (task) => all(`${ROOT}/tasks/${task}/comments?limit=200`);

export const getTask = (id) => one("GET", `${ROOT}/tasks/${id}`);
export const createTask = (project, task) => one("POST", `${ROOT}/projects/${project}/tasks`, task);
export const updateTask = (id, patch) => one("PATCH", `${ROOT}/tasks/${id}`, patch);
export const deleteTask = (id) => call("DELETE", `${ROOT}/tasks/${id}`);
export const createComment = (task, body) =>
  one("POST", `${ROOT}/tasks/${task}/comments`, { body });

async function one(method, url, body) {
  return (await call(method, url, body)).json();
}

async function all(url) {
  const rows = [];
  for (let next = url; next; ) {
    const answer = await call("GET", next);
    rows.push(...(await answer.json()));
    next = nextPage(answer);
  }
  return rows;
}

function nextPage(answer) {
  const link = answer.headers.get("link") ?? "";
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link)?.[1];
  return target ? new URL(target, answer.url) : null;
}

async function call(method, url, body) {
  let answer = await send(method, url, body);
  if (answer.status === 401 && (await renew())) answer = await send(method, url, body);
  if (!answer.ok) throw await failure(answer);
  return answer;
}

async function send(method, url, body) {
  const headers = { accept: "application/json" };
  if (session.token) headers.authorization = `Bearer ${session.token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  try {
    // No cookies: they belong to the whole browser, and two tabs are two people.
    return await fetch(url, {
      method,
      headers,
      body: JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
    });
  } catch {
    throw new ApiError(0, "The server cannot be reached.");
  }
}

async function failure(answer) {
  const body = await answer.json().catch(() => ({}));
  const message = body.error?.message ?? body.message ?? `The server answered ${answer.status}.`;
  return new ApiError(answer.status, message);
}

// The Socket.IO connection: what others do, as it happens.

import { io } from "./vendor/socket.io.esm.min.js";
import { renew } from "./api.js";
import { session } from "./session.js";

const NAMESPACE = "/taskmanager";

/** The events of the namespace that this page listens to. */
const WORDS = [
  "task_created",
  "task_updated",
  "task_status_changed",
  "task_deleted",
  "comment_added",
  "project_updated",
  "user_connected",
  "user_disconnected",
  "user_typing",
  "online_users",
  "notification",
  "error",
];

/** How the server answers an event that comes with a token no longer valid. */
const EXPIRED = "Authentication required";
const LONGEST_PAUSE_MS = 30_000;

/**
 * One connection as the person of this tab. Fires each of `WORDS` with its payload, and `state`
 * with "connecting", "connected" or "reconnecting".
 */
export class Live extends EventTarget {
  #socket;
  #refusals = 0;
  #retry = null;

  open() {
    const transports = ["websocket", "polling"];
    const query = { token: session.token };
    this.#socket = io(NAMESPACE, { query, transports, forceNew: true });
    this.#say("state", "connecting");
    this.#socket.on("connect", () => {
      this.#refusals = 0;
      this.#say("state", "connected");
    });
    this.#socket.on("disconnect", () => this.#lost());
    this.#socket.on("connect_error", () => this.#lost());
    // A token renewed meanwhile replaces the one of the first handshake.
    this.#socket.io.on("reconnect_attempt", () => this.#present(session.token));
    for (const word of WORDS) {
      this.#socket.on(word, (payload) => this.#hear(word, plain(payload)));
    }
  }

  /** Sends an event; dropped while there is no connection, since all of them are about now. */
  emit(word, payload) {
    if (this.#socket?.connected) this.#socket.emit(word, payload);
  }

  close() {
    clearTimeout(this.#retry);
    this.#socket?.off();
    this.#socket?.disconnect();
    this.#socket = null;
  }

  #hear(word, payload) {
    if (word === "error" && payload.message === EXPIRED) {
      this.#socket.disconnect();
      return;
    }
    this.#say(word, payload);
  }

  #lost() {
    if (!this.#socket) return;
    this.#say("state", "reconnecting");
    // `active` means that socket.io tries again by itself; it does not after a refusal.
    if (this.#socket.active) return;
    const pause = Math.min(500 * 2 ** this.#refusals++, LONGEST_PAUSE_MS);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#enterAgain(), pause);
  }

  async #enterAgain() {
    try {
      await renew();
    } catch {
      // The server is away or busy: the next refusal brings us here again.
    }
    if (!this.#socket || !session.token) return;
    this.#present(session.token);
    this.#socket.connect();
  }

  #present(token) {
    this.#socket.io.opts.query = { token };
  }

  #say(word, detail) {
    this.dispatchEvent(new CustomEvent(word, { detail }));
  }
}

/** The texts of a payload as they were written: this namespace sends `<` as `&lt;`. */
function plain(value) {
  if (typeof value === "string") return value.replaceAll("&lt;", "<");
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

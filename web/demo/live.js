// The Socket.IO connection: what others do, as it happens.

import { io } from "./vendor/socket.io.esm.min.js";
import { renew } from "./api.js";
import { session } from "./session.js";

const NAMESPACE = "/native";

/** The events of the namespace that this page listens to. */
const WORDS = [
  "task.created",
  "task.updated",
  "task.status_changed",
  "task.assigned",
  "task.deleted",
  "comment.created",
  "project.updated",
  "notification.created",
  "presence",
  "typing",
  "error",
];

/** What the server says when the time of the token is over. */
const EXPIRED = "Token expired";
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
    // Asked anew at every CONNECT: a token that was renewed meanwhile replaces the first one.
    const auth = (tell) => tell({ token: session.token });
    this.#socket = io(NAMESPACE, { auth, transports, forceNew: true });
    this.#say("state", "connecting");
    this.#socket.on("connect", () => {
      this.#refusals = 0;
      this.#say("state", "connected");
    });
    this.#socket.on("disconnect", () => this.#lost());
    this.#socket.on("connect_error", () => this.#lost());
    for (const word of WORDS) {
      this.#socket.on(word, (payload) => this.#hear(word, payload));
    }
  }

  /**
   * Asks for something and returns the answer's data; none while there is no connection, since
   * all that is asked is about now, or if the server says no.
   */
  async ask(word, payload) {
    if (!this.#socket?.connected) return null;
    try {
      const answer = await this.#socket.timeout(10_000).emitWithAck(word, payload);
      return answer.ok ? (answer.data ?? true) : null;
    } catch {
      // The connection was lost before the answer: it is asked again when it is back.
      return null;
    }
  }

  close() {
    clearTimeout(this.#retry);
    this.#socket?.off();
    this.#socket?.disconnect();
    this.#socket = null;
  }

  #hear(word, payload) {
    if (word === "error" && payload.error.message === EXPIRED) {
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
    this.#socket.connect();
  }

  #say(word, detail) {
    this.dispatchEvent(new CustomEvent(word, { detail }));
  }
}

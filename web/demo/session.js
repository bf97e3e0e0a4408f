// Who is signed in: kept per tab, so that two tabs can be two people.

const KEY = "chorus-demo";

/** The person of this tab and their tokens; fires `ended` when they are signed out. */
class Session extends EventTarget {
  #login = JSON.parse(sessionStorage.getItem(KEY));

  /** The person: id, username, full name; none while nobody is signed in. */
  get user() {
    return this.#login?.user ?? null;
  }

  /** What proves it to the server. */
  get token() {
    return this.#login?.access_token ?? null;
  }

  /** What a new token can be had for. */
  get refreshToken() {
    return this.#login?.refresh_token ?? null;
  }

  /** Keeps the answer of a login or of a renewal. */
  begin(login) {
    this.#login = login;
    sessionStorage.setItem(KEY, JSON.stringify(login));
  }

  /** Forgets everything; `reason` is told to the person, if there is one. */
  end(reason = null) {
    if (!this.#login) return;
    this.#login = null;
    sessionStorage.removeItem(KEY);
    this.dispatchEvent(new CustomEvent("ended", { detail: { reason } }));
  }
}

export const session = new Session();

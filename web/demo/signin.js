// The first view: choose somebody, or say who you are.

import * as api from "./api.js";
import { avatar } from "./avatar.js";

/** The people of the demo workspace, and the one password of them all. */
const PEOPLE = ["alice", "bob", "carol"];
const PASSWORD = "chorus-demo";

const view = document.querySelector("#signin");
const form = document.querySelector("#signin-form");
const complaint = document.querySelector("#signin-error");

/** Shows the view until somebody is signed in; `reason` says why it is shown again. */
export function showSignIn(reason) {
  complaint.textContent = reason ?? "";
  form.reset();
  view.hidden = false;
  return new Promise((resolve) => {
    const signIn = (username, password) => attempt(username, password).then(resolve, complain);
    const buttons = PEOPLE.map((name) => personButton(name, signIn));
    document.querySelector("#signin-people").replaceChildren(...buttons);
    form.onsubmit = (event) => {
      event.preventDefault();
      const { username, password } = form.elements;
      signIn(username.value.trim(), password.value);
    };
  });
}

async function attempt(username, password) {
  view.inert = true;
  complaint.textContent = "";
  try {
    await api.login(username, password);
    view.hidden = true;
  } finally {
    view.inert = false;
  }
}

function complain(error) {
  complaint.textContent = error.message;
}

function personButton(username, signIn) {
  const name = username[0].toUpperCase() + username.slice(1);
  const button = document.createElement("button");
  button.className = "person";
  button.dataset.testid = `signin-${username}`;
  button.setAttribute("aria-label", `Sign in as ${name}`);
  const disc = avatar({ username, full_name: name });
  button.append(disc, name);
  button.addEventListener("click", () => signIn(username, PASSWORD));
  return button;
}

// The page: sign in, work, sign in again.

import { session } from "./session.js";
import { showSignIn } from "./signin.js";
import { openWorkspace } from "./workspace.js";

for (let reason = null; ; ) {
  if (!session.user) await showSignIn(reason);
  const ended = new Promise((resolve) =>
    session.addEventListener("ended", ({ detail }) => resolve(detail.reason), { once: true }),
  );
  const close = openWorkspace();
  reason = await ended;
  close();
}

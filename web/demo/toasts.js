// Short notes that come up, and go by themselves or when pressed.

const SHOWN_MS = 6000;
const MOST = 4;

const root = document.querySelector("#toasts");

/** Shows a note; `kind` is "note" or "fault". */
export function toast(text, kind = "note") {
  const note = document.createElement("button");
  note.className = `toast ${kind}`;
  note.textContent = text;
  note.title = "Dismiss";
  const timer = setTimeout(dismiss, SHOWN_MS);
  note.addEventListener("click", dismiss);
  root.append(note);
  while (root.childElementCount > MOST) root.firstElementChild.remove();
  raise();

  function dismiss() {
    clearTimeout(timer);
    note.remove();
    if (root.childElementCount === 0) root.hidePopover();
  }
}

/** Shows what went wrong. */
export function fault(error) {
  toast(error.message, "fault");
}

/** Brings the notes above a dialog that opened after them. */
function raise() {
  if (root.matches(":popover-open")) root.hidePopover();
  root.showPopover();
}

// The closed vocabularies of a task, and how people read them.

/** The columns of the board, from left to right; cancelled tasks have none. */
export const STATUSES = [
  { word: "todo", label: "To do" },
  { word: "in_progress", label: "In progress" },
  { word: "review", label: "Review" },
  { word: "blocked", label: "Blocked" },
  { word: "done", label: "Done" },
];

/** How urgent a task can be, least first. */
export const PRIORITIES = [
  { word: "low", label: "Low" },
  { word: "medium", label: "Medium" },
  { word: "high", label: "High" },
  { word: "critical", label: "Critical" },
];

/** How people read a status or a priority. */
export function label(vocabulary, word) {
  return vocabulary.find((entry) => entry.word === word)?.label ?? word.replaceAll("_", " ");
}

// Due dates are days: they are written and read in UTC, so that nobody sees the day before.
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The day of an instant, as in "Nov 20". */
export function dayOf(instant) {
  return DAY.format(new Date(instant));
}

/** The time of day of an instant, as in "14:05". */
export function timeOf(instant) {
  return TIME.format(new Date(instant));
}

/** The day and time of an instant. */
export function momentOf(instant) {
  return MOMENT.format(new Date(instant));
}

/** Whether the day on which a task is due has passed while it is not done. */
export function isOverdue(task, now = new Date()) {
  if (!task.due_date || task.status === "done") return false;
  const pad = (number) => String(number).padStart(2, "0");
  const today = `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
  return task.due_date.slice(0, 10) < today;
}

// Clients of the ProdSight app: stock socket.io-client with the options of that app. It says next
// to nothing over its socket, and hears what the role of its user lets it hear.

import { Client } from './sockets.js';

/** A moment as the app writes it: seconds since 1970, with a fraction, near enough to now. */
export const seconds = (value) =>
  typeof value === 'number' && Math.abs(value - Date.now() / 1_000) < 3_600;

/** The whole shape of something told of a task; `task` as REST has it, in the app's words. */
export const taskUpdate = (action, { id, title, ...task }, words = {}) => ({
  action,
  task: {
    id: String(id),
    title,
    description: task.description ?? '',
    status: task.status,
    assignee: task.assignee?.full_name ?? '',
    assigneeId: task.assignee_id ? String(task.assignee_id) : '',
    dueDate: task.due_date?.slice(0, 10) ?? '',
    priority: task.priority,
    category: task.category ?? '',
    estimatedHours: task.estimated_hours ?? 0,
    ...words,
  },
  timestamp: seconds,
});

export class Prodsight extends Client {
  static WELCOME = 'connection_status';

  /** `person.url` is where the app's listener is. */
  constructor(person, options = {}) {
    super(person, {
      url: person.url,
      query: {},
      auth: { token: person.token },
      upgrade: true,
      rememberUpgrade: true,
      ...options,
    });
  }

  /** A task of the person's own is heard whatever the role. */
  mark() {
    const { home, rest, id } = this.person;
    return rest.post('/tasks', { project_id: home.id, title: `marker of ${home.id}`, assignee_id: id });
  }

  marker(name, args) {
    const task = name === 'task_update' && args[0].task;
    return task && task.title === `marker of ${this.person.home.id}` ? Number(task.id) : null;
  }

  /** What is answered after all that was said before; no signal is ever told. */
  async askAfterSignals() {
    await this.tell('ping');
    await this.next('pong');
  }

  /** Says something that is acknowledged with `[]` and answered by nothing else. */
  async passedOver(name, ...args) {
    await this.tell(name, ...args);
    await this.quiet();
  }

  /** Enters the room of a project and reads the answer. */
  async enter(projectId) {
    await this.tell('join_project_room', { project_id: projectId });
    return this.next('room_joined');
  }

  /** Leaves it and reads the answer. */
  async leave(projectId) {
    await this.tell('leave_project_room', { project_id: projectId });
    return this.next('room_left');
  }
}

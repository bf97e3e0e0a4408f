// Clients of the SkyBuild Pro app: stock socket.io-client with the options of that app. It enters
// projects by hand, and hears in its own words what happens there.

import assert from 'node:assert/strict';

import { instant } from './shapes.js';
import { Client } from './sockets.js';

/** The whole shape of a comment on something of a project; `told` names it, the sort of thing it is on, and what it says. */
export const comment = (person, { id, project_id }, { on = 'task', ...told }) => ({
  project_id: String(project_id),
  comment_id: told.id,
  comment: {
    id: told.id,
    project_id: String(project_id),
    context_type: on,
    context_id: String(id),
    body: told.body,
    author_id: String(person.id),
    parent_id: told.parent ?? null,
    created_at: instant,
    updated_at: told.edited ? instant : null,
    author: { id: String(person.id), email: person.email, full_name: person.fullName },
  },
});

/** The whole shape of a change of a task. */
export const taskUpdated = (person, task, updates) => ({
  project_id: String(task.project_id),
  task_id: task.id,
  updates,
  updated_by: String(person.id),
});

/** Who came to a project or went from it. */
export const who = (person, project) => ({
  user_id: String(person.id),
  project_id: String(project.id),
});

export class Skybuild extends Client {
  constructor(person, options = {}) {
    super(person, {
      path: '/socket.io',
      query: {},
      auth: { token: person.token },
      ...options,
    });
  }

  /** Enters a project and reads the answer: who is `there` already, longest first. */
  async enter(project, ...there) {
    const id = String(project.id);
    await this.tell('join_project', { project_id: id });
    assert.deepEqual(await this.next('joined_project'), {
      project_id: id,
      message: `Joined project ${id}`,
    });
    for (const person of there) {
      assert.deepEqual(await this.next('user:joined'), who(person, project));
    }
  }

  /** Leaves it, which is answered by nothing. */
  async leave(project) {
    await this.tell('leave_project', { project_id: String(project.id) });
  }

  /** A comment on a task of the person's own project, which is entered first. */
  async mark() {
    const { person } = this;
    const { home, rest } = person;
    person.homeTask ??= rest.post('/tasks', { project_id: home.id, title: 'marked' });
    const { id } = await person.homeTask;
    await this.askAfterSignals();
    return rest.post(`/tasks/${id}/comments`, { body: 'marker' });
  }

  /** What happens at home is heard for the sake of markers alone. */
  marker(name, [told]) {
    if (told?.project_id !== String(this.person.home?.id)) return null;
    return name === 'comment:created' ? told.comment_id : 'at home';
  }

  /** An entry is acknowledged after all that was told before. */
  async askAfterSignals() {
    await this.tell('join_project', { project_id: String(this.person.home.id) });
  }
}

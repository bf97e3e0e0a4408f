// One client of each dialect with one face, for tests that hold something against all of them:
// how it comes, how it enters a project, what it hears of a change there, and the words in which
// it is told that it is put out of the project, or out altogether.

import assert from 'node:assert/strict';

import { Flux } from './flux.js';
import { NativeRaw, NativeSocket } from './native.js';
import { Prodsight } from './prodsight.js';
import { Skybuild } from './skybuild.js';
import { Client } from './sockets.js';

const ACCESS = 'Access denied to project';

/** A complaint over Socket.IO, or none where the app has no such word; then a DISCONNECT. */
const disconnected = async (client, text) => {
  if (text) assert.deepEqual(await client.next('error'), { message: text });
  assert.equal((await client.nextArgs('(disconnect)'))[0], 'io server disconnect');
};

/** The socket of a stock client in a dialect's namespace, which every listener has. */
const inNamespace = (Kind, name) => (person) =>
  Kind.connected(person, { options: { url: `${person.rest.url}/${name}`, transports: ['websocket'] } });

const error = (text) => async (client) => assert.deepEqual(await client.next('error'), { message: text });

/** What the native dialect says of a room that is lost. */
const unsubscribed = (code) => async (client, project) => {
  const { room, error: why } = await client.next('unsubscribed');
  assert.deepEqual([room, why.code], [`project:${project.id}`, code]);
};

const native = {
  enter: async (client, project) => {
    assert.equal((await client.ask('subscribe', { room: `project:${project.id}` })).ok, true);
  },
  changed: (client) => client.next('task.updated'),
  removed: async (client, project) => {
    assert.equal((await client.next('member.removed')).payload.member.project_id, project.id);
    await unsubscribed('forbidden')(client, project);
  },
  lost: async (client, project) => {
    await client.next('user.updated');
    await unsubscribed('forbidden')(client, project);
  },
  deleted: async (client, project) => {
    assert.equal((await client.next('project.deleted')).payload.project.id, project.id);
    await unsubscribed('not_found')(client, project);
  },
  mayWrite: async (client, task, may) => {
    const { ok, error: why } = await client.ask('task.update', { task_id: task.id, title: `By ${may}` });
    assert.deepEqual([ok, why?.code], [may, may ? undefined : 'forbidden']);
    await client.next(may ? 'task.updated' : 'member.updated');
  },
  quiet: async (client) => {
    await client.ask('ping');
    const heard = client.names().filter((name) => name !== 'presence');
    assert.deepEqual(heard, [], 'a native client hears nothing');
  },
};

/**
 * Each dialect. `removed`, `lost` (a role that let its holder in) and `deleted` read what is told
 * of a project that may be seen no longer; `out` what is told before the end of a connection, for
 * `expired`, `revoked` or `closed`; `mayWrite`, where clients ask for changes, asks for one.
 */
export const SIX = [
  {
    name: 'taskmanager',
    open: inNamespace(Client, 'taskmanager'),
    enter: (client, project) => client.tell('join_project', { project_id: project.id }),
    changed: (client) => client.next('task_updated'),
    removed: error(ACCESS),
    lost: error(ACCESS),
    deleted: error(ACCESS),
    out: (client) => disconnected(client, 'Authentication required'),
    mayWrite: async (client, task, may) => {
      const asked = { task_id: task.id, changes: { title: `By ${may}` } };
      if (!may) return client.refused('Access denied', 'task_updated', asked);
      await client.tell('task_updated', asked);
      return client.next('task_updated');
    },
    quiet: (client) => client.quiet(),
  },
  {
    name: 'flux',
    open: inNamespace(Flux, 'flux'),
    enter: (client, project) => client.join(project),
    changed: async (client) => {
      await client.next('activity:new');
      return client.next('task:updated');
    },
    removed: error(ACCESS),
    lost: error(ACCESS),
    deleted: error('Project not found'),
    out: (client) => disconnected(client, 'Invalid or expired token'),
    quiet: (client) => client.quiet(),
  },
  {
    name: 'prodsight',
    open: inNamespace(Prodsight, 'prodsight'),
    enter: (client, project) => client.enter(String(project.id)),
    changed: (client) => client.next('task_update'),
    assigned: true,
    ...Object.fromEntries(['removed', 'lost', 'deleted'].map((why) => [
      why,
      async (client, project) =>
        assert.deepEqual(await client.next('room_left'), { room: `project_${project.id}` }),
    ])),
    out: (client) => disconnected(client),
    quiet: (client) => client.quiet(),
  },
  {
    name: 'skybuild',
    open: inNamespace(Skybuild, 'skybuild'),
    enter: async (client, project) => {
      await client.tell('join_project', { project_id: String(project.id) });
      await client.next('joined_project');
      await client.drain();
    },
    changed: (client) => client.next('task:updated'),
    removed: error(ACCESS),
    lost: error(ACCESS),
    deleted: error(ACCESS),
    out: (client) => disconnected(client, 'Not authenticated'),
    quiet: (client) => client.quiet(),
  },
  {
    name: 'envelope',
    open: (person, world) => world.envelope(person),
    enter: async (client, project) => {
      await client.join(`project:${project.id}`);
      await client.drain();
    },
    changed: (client) => client.next('task.updated'),
    removed: (client, project) => client.complaint(`Access denied to room project:${project.id}`),
    lost: (client, project) => client.complaint(`Access denied to room project:${project.id}`),
    deleted: async (client, project) => {
      assert.equal((await client.next('project.archived')).data.project_id, project.id);
      await client.complaint(`Access denied to room project:${project.id}`);
    },
    out: async (client, why) => {
      const reason = {
        expired: 'Authentication failed: 401: Token expired',
        revoked: 'Authentication failed: 401: Token revoked',
        closed: 'Account is deactivated',
      }[why];
      assert.deepEqual(await client.closed(), { code: 4401, reason });
    },
    quiet: (client) => client.quiet(),
  },
  {
    name: 'native',
    open: (person) => NativeSocket.connected(person),
    ...native,
    out: async (client, why) => {
      const text = { expired: 'Token expired', revoked: 'Token revoked', closed: 'Account is deactivated' };
      assert.equal((await client.next('error')).error.message, text[why]);
      assert.equal(await client.next('(disconnected)'), 'io server disconnect');
    },
  },
  {
    name: 'native, raw',
    open: (person) => NativeRaw.connected(person),
    ...native,
    out: async (client, why) => {
      const text = { expired: 'Token expired', revoked: 'Token revoked', closed: 'Account is deactivated' };
      assert.deepEqual(await client.next('(closed)'), { code: 4401, reason: text[why] });
    },
  },
];

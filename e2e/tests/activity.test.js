// What has happened in a project, newest first, for who may see the project; a project that is put
// away.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { nextPage } from '../lib/rest.js';
import { World } from '../lib/world.js';

const kinds = (events) => events.map(({ kind }) => kind);

describe('activity', () => {
  let world;
  let project;

  before(async () => (world = await World.start(['alice', 'bob', 'mallory'])));
  after(() => world.stop());
  beforeEach(async () => (project = await world.project(world.alice, world.bob)));

  test('is what its members may know, newest first, and goes on where it ended', async () => {
    const path = `/projects/${project.id}/activity`;
    const task = await world.task(world.alice, project);
    await world.bob.rest.patch(`/tasks/${task.id}`, { status: 'done' });
    const channels = `/projects/${project.id}/channels`;
    const closed = await world.alice.rest.post(channels, { name: 'closed', is_private: true });
    await world.alice.rest.post(`/channels/${closed.id}/messages`, { content: 'Psst' });
    const general = await world.alice.rest.post(channels, { name: 'general' });
    await world.bob.rest.post(`/channels/${general.id}/messages`, { content: 'Aloud, @alice' });
    const told = ['message.created', 'channel.created', 'task.status_changed', 'task.created', 'member.added', 'project.created'];
    for (const who of [world.alice, world.bob, world.root]) assert.deepEqual(kinds(await who.rest.get(path)), told, who.name);
    assert.deepEqual(kinds(await world.bob.rest.get(`${path}?kind=task`)), ['task.status_changed', 'task.created']);
    const found = [];
    for (let next = `${path}?limit=2`; next; ) {
      const { body, headers } = await world.bob.rest.ask('GET', next);
      found.push(...kinds(body));
      next = nextPage(headers.get('link'));
    }
    assert.deepEqual(found, told);
    await world.mallory.rest.refused(404, 'GET', path);
    const { error } = await world.bob.rest.refused(422, 'GET', `${path}?kind=x&before=0`);
    assert.deepEqual(Object.keys(error.fields).sort(), ['before', 'kind']);
  });

  test('a project that is put away says so, and comes back', async () => {
    const put = (status) => world.alice.rest.patch(`/projects/${project.id}`, { status });
    assert.deepEqual([project.is_archived, (await put('archived')).is_archived], [false, true]);
    assert.equal((await world.bob.rest.get(`/projects/${project.id}`)).is_archived, true);
    assert.equal((await put('active')).is_archived, false);
    const made = await world.alice.rest.post('/projects', { name: 'Old', status: 'archived' });
    assert.equal(made.is_archived, true);
  });
});

// Invitations: by address and by link, accepted, declined, taken back, over; who hears of them and
// who does not; and registering by one.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { within } from '../lib/deadline.js';
import { NativeRaw, NativeSocket } from '../lib/native.js';
import { Rest } from '../lib/rest.js';
import { assertShape, id, instant, nullable, text } from '../lib/shapes.js';
import { PASSWORD, World } from '../lib/world.js';

const person = { id, username: text, full_name: text, email: nullable(text) };
const INVITATION = {
  id,
  project_id: id,
  project_name: 'Bridge',
  email: nullable(text),
  role: text,
  state: 'pending',
  inviter: person,
  created_at: instant,
  expires_at: instant,
};
/** 160 bits, 5 in each letter. */
const secret = (value) => /^[a-z2-9]{32}$/.test(value);
const ids = (rows) => rows.map(({ id: one }) => one);

describe('invitations', () => {
  let world;
  let project;
  const open = [];
  const native = async (who, Native = NativeSocket) => {
    const client = await Native.connected(who);
    open.push(client);
    return client;
  };
  const invite = (who, body = {}) => who.rest.post(`/projects/${project.id}/invitations`, body);
  /** One's own invitations into the project. */
  const own = async (who) =>
    (await who.rest.get('/invitations')).filter(({ project_id: into }) => into === project.id);
  const roleOf = async (who) => {
    const members = await world.alice.rest.get(`/projects/${project.id}/members`);
    return members.find(({ user_id: one }) => one === who.id)?.role;
  };
  const ask = (who, path, body) => who.rest.ask('POST', `/invitations/${path}`, { body });
  const refused = async (status, code, who, path, body) => {
    const { error } = await who.rest.refused(status, 'POST', `/invitations/${path}`, { body });
    assert.equal(error.code, code);
    return error;
  };
  /** Asks until the answer passes: for what time alone brings about. */
  const comes = (passes) =>
    within((async () => { while (!(await passes())); })(), 'that time passes');

  before(async () => (world = await World.start(['alice', 'bob', 'carol', 'mallory'])));
  after(() => world.stop());
  // carol sees the project; bob and mallory do not.
  beforeEach(async () => (project = await world.project(world.alice, [world.carol, 'viewer'])));
  afterEach(() => {
    open.splice(0).forEach((client) => client.close());
    world.closeClients();
  });

  test('by address: made, listed, heard, accepted', async () => {
    const [alice, bob, carol] = [await native(world.alice), await native(world.bob, NativeRaw), await native(world.carol)];
    for (const client of [alice, carol]) await client.ask('subscribe', { room: `project:${project.id}` });
    const made = await invite(world.alice, { email: 'BOB@example.com', role: 'admin', expires_in: 3600 });
    assertShape(made, { ...INVITATION, token: secret });
    assert.equal(Date.parse(made.expires_at) - Date.parse(made.created_at), 3_600_000);
    const { token, ...invitation } = made;
    for (const client of [alice, bob]) {
      const told = await client.next('invitation.created');
      assert.deepEqual(told.payload.invitation, invitation);
      assert.ok(!JSON.stringify(told).includes(token), 'the secret is in no event');
    }
    const notified = await bob.next('notification.created');
    assert.deepEqual([notified.payload.notification.kind, notified.payload.notification.invitation], ['invited', invitation]);
    assert.deepEqual(await own(world.bob), [invitation]);
    assert.deepEqual(await world.alice.rest.get(`/projects/${project.id}/invitations`), [invitation]);
    const member = await world.bob.rest.ask('POST', `/invitations/${made.id}/accept`);
    assert.deepEqual([member.status, member.body.role, member.body.user_id], [200, 'admin', world.bob.id]);
    for (const client of [alice, bob]) {
      assert.equal((await client.next('invitation.accepted')).payload.invitation.state, 'accepted');
      assert.equal((await client.next('member.added')).payload.member.user_id, world.bob.id);
    }
    await carol.next('member.added');
    assert.ok(!carol.names().some((name) => name.startsWith('invitation')), 'a viewer hears nothing of it');
    assert.deepEqual(await own(world.bob), []);
    await world.bob.rest.get(`/projects/${project.id}`);
  });

  test('a link: for whoever holds it, once', async () => {
    const { id: made, token, role } = await invite(world.alice);
    assert.equal(role, 'member');
    await refused(404, 'not_found', world.mallory, `${made}/accept`);
    assert.equal((await ask(world.bob, 'accept', { token })).status, 200);
    assert.equal(await roleOf(world.bob), 'member');
    const error = await refused(410, 'invitation_accepted', world.mallory, 'accept', { token });
    assert.equal(error.message, 'The invitation has been accepted');
    assert.equal(await roleOf(world.mallory), undefined);
  });

  test('two at once with one link: one comes in', async () => {
    const { token } = await invite(world.alice);
    const answers = await Promise.all([world.bob, world.mallory].map((who) => ask(who, 'accept', { token })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 410]);
  });

  test('declined', async () => {
    const alice = await native(world.alice);
    const { id: made, token } = await invite(world.alice, { email: 'bob@example.com' });
    assert.equal((await ask(world.bob, `${made}/decline`)).status, 204);
    assert.equal((await alice.next('invitation.declined')).payload.invitation.id, made);
    await refused(410, 'invitation_declined', world.bob, 'accept', { token });
    assert.equal(await roleOf(world.bob), undefined);
  });

  test('revoked', async () => {
    const bob = await native(world.bob);
    const { id: made, token } = await invite(world.alice, { email: 'bob@example.com' });
    await world.carol.rest.refused(403, 'DELETE', `/invitations/${made}`);
    await world.bob.rest.refused(404, 'DELETE', `/invitations/${made}`);
    await world.alice.rest.delete(`/invitations/${made}`);
    assert.equal((await bob.next('invitation.revoked')).payload.invitation.state, 'revoked');
    const error = await refused(410, 'invitation_revoked', world.bob, 'accept', { token });
    assert.equal(error.message, 'The invitation has been revoked');
    await world.alice.rest.refused(410, 'DELETE', `/invitations/${made}`);
    assert.deepEqual(await own(world.bob), []);
  });

  test('its time is over', async () => {
    const { id: made, token } = await invite(world.alice, { email: 'bob@example.com', expires_in: 1 });
    assert.deepEqual(ids(await own(world.bob)), [made]);
    await comes(async () => (await own(world.bob)).length === 0);
    const error = await refused(410, 'invitation_expired', world.bob, 'accept', { token });
    assert.equal(error.message, 'The invitation has expired');
    await refused(410, 'invitation_expired', world.bob, `${made}/accept`);
    const [shown] = await world.alice.rest.get(`/projects/${project.id}/invitations`);
    assert.equal(shown.state, 'expired');
    await invite(world.alice, { email: 'bob@example.com' });
  });

  test('for somebody else', async () => {
    const { id: made, token } = await invite(world.alice, { email: 'bob@example.com' });
    for (const what of ['accept', 'decline']) {
      await refused(403, 'not_invited', world.mallory, what, { token });
      await refused(404, 'not_found', world.mallory, `${made}/${what}`);
    }
    // An address that nobody has: neither the secret nor the address is enough.
    const { id: second, token: other } = await invite(world.alice, { email: 'eve@example.com' });
    await refused(403, 'not_invited', world.mallory, 'accept', { token: other });
    await world.mallory.rest.patch('/users/me', { email: 'eve@example.com' });
    await refused(404, 'not_found', world.mallory, `${second}/accept`);
    assert.deepEqual(await own(world.mallory), []);
    assert.equal((await ask(world.mallory, 'accept', { token: other })).status, 200);
    await world.mallory.rest.patch('/users/me', { email: 'mallory@example.com' });
  });

  test('what somebody gave who may not give it any more does not count', async () => {
    await world.alice.rest.post(`/projects/${project.id}/members`, { user_id: world.bob.id, role: 'admin' });
    const { token } = await invite(world.bob);
    await world.alice.rest.patch(`/projects/${project.id}/members/${world.bob.id}`, { role: 'member' });
    await refused(410, 'invitation_revoked', world.mallory, 'accept', { token });
  });

  test('a project that is gone has no invitations', async () => {
    const { token } = await invite(world.alice, { email: 'bob@example.com' });
    await world.alice.rest.delete(`/projects/${project.id}`);
    assert.deepEqual(await own(world.bob), []);
    await refused(404, 'not_found', world.bob, 'accept', { token });
  });

  test('who may not, and what is there already', async () => {
    const path = `/projects/${project.id}/invitations`;
    const from = async (who, status, body) =>
      (await who.rest.refused(status, 'POST', path, { body })).error;
    await from(world.carol, 403, {});
    await from(world.mallory, 404, {});
    await world.carol.rest.refused(403, 'GET', path);
    await world.mallory.rest.refused(404, 'GET', path);
    assert.equal((await from(world.alice, 409, { email: 'carol@example.com' })).code, 'already_member');
    const { token } = await invite(world.alice, { email: 'bob@example.com' });
    assert.equal((await from(world.alice, 409, { email: 'Bob@Example.com' })).code, 'already_invited');
    const link = await invite(world.alice);
    await refused(409, 'already_member', world.carol, 'accept', { token: link.token });
    await new Rest(world.server.url).refused(401, 'POST', '/invitations/accept', { body: { token } });
  });

  test('bad input', async () => {
    const path = `/projects/${project.id}/invitations`;
    for (const [body, field] of [
      [{ email: 'nobody' }, 'email'], [{ email: 5 }, 'email'], [{ role: 'owner' }, 'role'],
      [{ role: 'king' }, 'role'], [{ expires_in: 0 }, 'expires_in'], [{ expires_in: -1 }, 'expires_in'],
      [{ expires_in: 1.5 }, 'expires_in'], [{ expires_in: 2_592_001 }, 'expires_in'],
      [{ expires_in: '7' }, 'expires_in'], [{ expires_in: 1e300 }, 'expires_in'],
    ]) {
      const { error } = await world.alice.rest.refused(422, 'POST', path, { body });
      assert.deepEqual(Object.keys(error.fields), [field], JSON.stringify(body));
    }
    for (const body of [{}, { token: null }, { token: 5 }, { token: [] }, { token: 'x'.repeat(257) }]) {
      const { error } = await world.bob.rest.refused(422, 'POST', '/invitations/accept', { body });
      assert.deepEqual(Object.keys(error.fields), ['token'], JSON.stringify(body));
    }
    for (const token of ['x', "' or 1=1 --", '\u0000', 'é'.repeat(100)]) {
      await refused(404, 'not_found', world.bob, 'accept', { token });
    }
    await world.bob.rest.refused(404, 'POST', '/invitations/x/accept');
    await world.bob.rest.refused(404, 'POST', '/invitations/99999999/accept');
    assert.deepEqual(await world.alice.rest.get(path), []);
  });

  test('a project has at most 100 that can be accepted', async () => {
    for (let n = 0; n < 100; n += 1) await invite(world.alice);
    const path = `/projects/${project.id}/invitations`;
    const { error } = await world.alice.rest.refused(422, 'POST', path, { body: {} });
    assert.deepEqual(Object.keys(error.fields), ['project_id']);
    const [{ id: newest }] = await world.alice.rest.get(path);
    await world.alice.rest.delete(`/invitations/${newest}`);
    await invite(world.alice);
  });

  test('a repeated request makes one, and shows no secret again', async () => {
    const headers = { 'idempotency-key': 'invite-once' };
    const first = await world.alice.rest.post(`/projects/${project.id}/invitations`, {}, { headers });
    const second = await world.alice.rest.post(`/projects/${project.id}/invitations`, {}, { headers });
    assert.deepEqual([secret(first.token), second], [true, { ...first, token: null }]);
    assert.deepEqual(ids(await world.alice.rest.get(`/projects/${project.id}/invitations`)), [first.id]);
  });

  test('in the snapshot of who may manage the members, and in the feed of no other', async () => {
    const since = await world.carol.rest.cursor();
    const { token, ...invitation } = await invite(world.alice, { email: 'bob@example.com' });
    const shown = async (who) => (await who.rest.get(`/projects/${project.id}/snapshot`)).invitations;
    assert.deepEqual([await shown(world.alice), await shown(world.carol)], [[invitation], []]);
    const told = async (who) => (await who.rest.feed(since)).events.filter(({ kind }) => kind.startsWith('invitation'));
    const [alice, bob, carol, mallory] = await Promise.all([world.alice, world.bob, world.carol, world.mallory].map(told));
    assert.deepEqual([alice.length, bob.length, carol.length, mallory.length], [1, 1, 0, 0]);
    assert.ok(!JSON.stringify([alice, bob]).includes(token));
  });

  for (const Native of [NativeSocket, NativeRaw]) {
    test(`accepted, declined and revoked in the native protocol, over ${Native.name}`, async () => {
      const [alice, bob] = [await native(world.alice, Native), await native(world.bob, Native)];
      const link = await invite(world.alice);
      assert.equal((await bob.ask('invitation.decline', { token: link.token })).ok, true);
      const gone = await invite(world.alice, { email: 'bob@example.com' });
      assert.equal((await alice.ask('invitation.revoke', { invitation_id: gone.id })).ok, true);
      assert.equal((await bob.ask('invitation.accept', { invitation_id: gone.id })).error.code, 'invitation_revoked');
      const good = await invite(world.alice, { email: 'bob@example.com', role: 'viewer' });
      const { data } = await bob.ask('invitation.accept', { invitation_id: good.id });
      assert.deepEqual([data.user_id, data.role], [world.bob.id, 'viewer']);
      for (const bad of [{}, { token: 5 }, { invitation_id: 'x' }]) {
        assert.equal((await bob.ask('invitation.accept', bad)).error.code, 'invalid');
      }
    });
  }

  describe('registering by one, where strangers may not', () => {
    let strict;
    let home;
    const register = (body) =>
      new Rest(strict.server.url).ask('POST', '/auth/register', { body: { password: PASSWORD, ...body } });

    before(async () => {
      strict = await World.start([], { args: ['--registration', 'invite'] });
      home = await strict.project(strict.root);
    });
    after(() => strict.stop());

    const ask = (body) => strict.root.rest.post(`/projects/${home.id}/invitations`, body);

    test('who shows a good secret has an account and is in the project', async () => {
      const { token } = await ask({ role: 'viewer' });
      const made = await register({ username: 'dora', invitation: token });
      assert.deepEqual([made.status, made.body.role], [201, 'user']);
      const members = await strict.root.rest.get(`/projects/${home.id}/members`);
      assert.deepEqual(members.map(({ user, role }) => [user.username, role]), [['root', 'owner'], ['dora', 'viewer']]);
      assert.equal((await register({ username: 'emil', invitation: token })).status, 410);
    });

    test('an address must be the one that was asked', async () => {
      const { token } = await ask({ email: 'fay@example.com' });
      assert.equal((await register({ username: 'gus', email: 'gus@example.com', invitation: token })).status, 403);
      assert.equal((await register({ username: 'gus', invitation: token })).status, 403);
      assert.equal((await register({ username: 'fay', email: 'Fay@example.com', invitation: token })).status, 201);
    });

    test('nobody else has', async () => {
      const { id: made, token } = await ask({});
      for (const [invitation, status] of [[undefined, 403], ['', 403], ['x', 404], [5, 422], ['x'.repeat(257), 422]]) {
        assert.equal((await register({ username: 'hal', invitation })).status, status, `${invitation}`);
      }
      // A registration that fails uses nothing up.
      assert.equal((await register({ username: 'root', invitation: token })).status, 400);
      await strict.root.rest.delete(`/invitations/${made}`);
      assert.equal((await register({ username: 'hal', invitation: token })).status, 410);
    });

    test('closed means closed', async () => {
      const closed = await World.start([], { args: ['--registration', 'closed'] });
      const place = await closed.project(closed.root);
      const { token } = await closed.root.rest.post(`/projects/${place.id}/invitations`, {});
      const body = { username: 'ida', password: PASSWORD, invitation: token };
      await new Rest(closed.server.url).refused(403, 'POST', '/auth/register', { body });
      await closed.stop();
    });
  });
});

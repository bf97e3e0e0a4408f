// Who may see something no longer, by whatever change, hears of it at once in the words of the own
// dialect, and after that nothing more: each way to lose a right, in each dialect.
//
// AT_ONCE_MS (5000) is what that may take; `./proof.sh eviction` allows a second, which a machine
// that does ten things at a time may miss.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { within } from '../lib/deadline.js';
import { NativeSocket } from '../lib/native.js';
import { SIX } from '../lib/six.js';
import { claimsOf, mint, nowSeconds } from '../lib/tokens.js';
import { PASSWORD, World } from '../lib/world.js';

/** Milliseconds from the end of a change to the word that tells of it. */
const AT_ONCE = Number(process.env.AT_ONCE_MS ?? 5_000);

/** Every way to end all tokens of bob; the password that he has then. */
const LOGGED_OUT = [
  ['himself', async ({ bob }) => {
    assert.equal((await bob.rest.ask('POST', '/auth/logout-all')).status, 204);
  }],
  ['the command line', (world) => world.user('log-out', 'bob')],
  ['a new password', async ({ bob }) => {
    const body = { old_password: PASSWORD, new_password: 'another horse battery' };
    assert.equal((await bob.rest.ask('POST', '/auth/password', { body })).status, 204);
    return body.new_password;
  }],
];

describe('eviction', () => {
  let world;
  const open = new Set();
  before(async () => (world = await World.start(['alice', 'bob', 'carol'])));
  afterEach(() => {
    world.closeClients();
    open.forEach((client) => client.close());
    open.clear();
  });
  after(() => world.stop());

  const comes = async (dialect, person) => {
    const client = await dialect.open(person, world);
    open.add(client);
    return client;
  };
  const soon = (promise, about) => within(promise, about, AT_ONCE);
  /** Waits until the Task Manager app is told that somebody went. */
  const gone = async (client, person) => {
    for (;;) if ((await client.next('user_disconnected')).user_id === person.id) return;
  };
  /** A token of `person` with a few seconds to live. */
  const expiring = ({ id, name }) => {
    const own = { sub: name, uid: String(id), iss: 'project_manager', aud: 'project_manager_users' };
    // Issued after all that has ended his tokens.
    const times = { iat: nowSeconds() + 60, exp: nowSeconds() + 3 };
    return mint(claimsOf(name, { ...own, ...times }));
  };
  const member = (project, person) => `/projects/${project.id}/members/${person.id}`;

  for (const dialect of SIX) {
    describe(dialect.name, () => {
      let [project, task, bob, carol, control] = [];

      /** Bob and carol in a project of alice's, both told of a change there. */
      const inside = async (person = world.bob) => {
        project = await world.project(world.alice, world.bob, world.carol);
        // In one dialect it takes more than to be there.
        const assigned = dialect.assigned ? { assignee_id: world.bob.id } : {};
        task = await world.task(world.alice, project, assigned);
        control = await comes(SIX[0], world.alice);
        [bob, carol] = [await comes(dialect, person), await comes(dialect, world.carol)];
        for (const client of [bob, carol]) await dialect.enter(client, project);
        await clear(bob, carol);
        await change('First');
        await dialect.changed(bob);
        if (!dialect.assigned) await dialect.changed(carol);
        await clear(bob, carol, control);
      };
      /** Reads what comes and goes at times that the test does not choose. */
      const clear = (...clients) => Promise.all(clients.map((client) => client.drain?.()));
      const change = (title) => world.alice.rest.patch(`/tasks/${task.id}`, { title });
      /** Somebody who listens for certain hears a change, and bob does not. */
      const heardByOthersOnly = async () => {
        await clear(carol, control);
        await change('Not for bob');
        assert.equal((await control.next('task_updated')).task.title, 'Not for bob');
        if (!dialect.assigned) await dialect.changed(carol);
        await dialect.quiet(bob);
      };

      test('a member who is taken out', async () => {
        await inside();
        await world.alice.rest.delete(member(project, world.bob));
        await soon(dialect.removed(bob, project), 'the word for bob');
        await heardByOthersOnly();
      });

      test('a project that is deleted: its end, and nobody who leaves', async () => {
        await inside();
        await world.alice.rest.delete(`/projects/${project.id}`);
        for (const client of [bob, carol]) await soon(dialect.deleted(client, project), 'the end');
        for (const client of [bob, carol]) await dialect.quiet(client, { presence: true });
      });

      test('an admin of the workspace who is none any more', async () => {
        await inside();
        await world.setRole(world.bob, 'admin');
        const other = await world.project(world.alice, world.carol);
        await dialect.enter(carol, other);
        if (!bob.drain) await bob.next('user.updated');
        await dialect.enter(bob, other);
        await clear(bob, carol);
        await world.user('set-role', 'bob', 'user');
        await soon(dialect.lost(bob, other), 'the word for bob');
        [project, task] = [other, await world.task(world.alice, other)];
        await clear(carol);
        await heardByOthersOnly();
      });

      /** Bob is told why, the others see him go, and nobody gets in with what he has. */
      const putOut = async (why) => {
        await soon(dialect.out(bob, why), 'the last words');
        open.delete(bob);
        await soon(gone(control, world.bob), 'his departure');
        await change('Not for bob');
        assert.equal((await control.next('task_updated')).task.title, 'Not for bob');
      };

      test('a token whose time is over', async () => {
        const token = await expiring(world.bob);
        await inside({ ...world.bob, token });
        await dialect.out(bob, 'expired');
        await gone(control, world.bob);
      });

      for (const [how, logOut] of LOGGED_OUT) {
        test(`tokens that are ended, by ${how}`, async () => {
          await inside();
          const { token, rest } = world.bob;
          const password = await logOut(world);
          try {
            await soon(dialect.out(bob, 'revoked'), 'the last words');
            open.delete(bob);
            const { error } = await rest.refused(401, 'GET', '/users/me');
            assert.equal(error.code, 'token_revoked');
            assert.equal(await NativeSocket.refused({ ...world.bob, token }), 'Token revoked');
            // Whoever logs in anew is let in, in the same second too.
            await world.renew(world.bob, password);
            (await dialect.open(world.bob, world)).close();
            await change('Not for bob');
            assert.equal((await control.next('task_updated')).task.title, 'Not for bob');
          } finally {
            await world.user('set-password', 'bob', '--password', PASSWORD);
            await world.renew(world.bob);
          }
        });
      }

      test('an account that is closed', async () => {
        await inside();
        await world.user('close', 'bob');
        try {
          await putOut('closed');
          await world.bob.rest.refused(401, 'GET', '/users/me');
        } finally {
          await world.user('reopen', 'bob');
          await world.renew(world.bob);
        }
      });

      if (dialect.mayWrite) {
        test('a role in the project that falls and rises', async () => {
          await inside();
          await world.alice.rest.patch(member(project, world.bob), { role: 'viewer' });
          await dialect.mayWrite(bob, task, false);
          await world.alice.rest.patch(member(project, world.bob), { role: 'member' });
          await dialect.mayWrite(bob, task, true);
        });
      }
    });
  }
});

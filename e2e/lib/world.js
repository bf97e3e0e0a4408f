// A server with people, projects and tasks, made over REST like everybody makes them.

import assert from 'node:assert/strict';

import { Envelope } from './envelope.js';
import { NativeSocket } from './native.js';
import { Prodsight } from './prodsight.js';
import { Program } from './program.js';
import { Rest } from './rest.js';
import { Server } from './server.js';
import { Skybuild } from './skybuild.js';
import { Client } from './sockets.js';

/** Everybody's password. */
export const PASSWORD = 'correct horse battery';

/** The person of a name, logged in: `{ id, name, fullName, token, refreshToken, rest }`. */
async function logIn(url, name, password = PASSWORD) {
  const nobody = new Rest(url);
  const answer = await nobody.ask('POST', '/auth/login', {
    body: { username: name, password },
  });
  const { access_token: token, refresh_token: refreshToken, user } = answer.body;
  return {
    id: user.id,
    name,
    email: user.email,
    fullName: user.full_name,
    token,
    refreshToken,
    rest: new Rest(url, token),
  };
}

/** Makes an account and logs in. */
async function register(url, name) {
  const fullName = `${name[0].toUpperCase()}${name.slice(1)} Example`;
  await new Rest(url).post('/auth/register', {
    username: name,
    password: PASSWORD,
    full_name: fullName,
    email: `${name}@example.com`,
  });
  return logIn(url, name);
}

export class World {
  #clients = [];

  /** Starts a server with an admin (`root`) and ordinary people of these names. */
  static async start(names, options) {
    const world = new World();
    world.server = await Server.start(options);
    try {
      // The first account is the workspace's admin, who may everything: nobody that tests are about.
      world.root = await world.#person('root');
      await Promise.all(names.map(async (name) => (world[name] = await world.#person(name))));
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  /** Ends all clients and the server; tells how the process ended. */
  async stop() {
    this.closeClients();
    return this.server.stop();
  }

  /** Ends the clients that were connected since the last call. */
  closeClients() {
    this.#clients.splice(0).forEach((client) => client.close());
  }

  /** A connected client for each of these people, on one transport. */
  async clients(transport, ...people) {
    const clients = await Promise.all(people.map((person) => Client.connected(person, transport)));
    this.#clients.push(...clients);
    return clients;
  }

  /** A connected client on a websocket. */
  async client(person) {
    const [client] = await this.clients(undefined, person);
    return client;
  }

  /** A connected client of the Project Manager app; `options` are those of its socket. */
  async envelope(person, options) {
    const client = await Envelope.connected(person, options);
    this.#clients.push(client);
    return client;
  }

  /** A connected client of the SkyBuild Pro app; the server speaks its dialect in `/`. */
  async skybuild(person, transport) {
    const client = await Skybuild.connected(person, transport);
    this.#clients.push(client);
    return client;
  }

  /** A connected client of the ProdSight app on the listener of that app. */
  async prodsight(person, transport) {
    const client = await Prodsight.connected(this.at('prodsight', person), transport);
    this.#clients.push(client);
    return client;
  }

  /** The person as somebody who connects to the listener of a dialect. */
  at(dialect, person) {
    return { ...person, url: this.server.urls[dialect] };
  }

  /** Lets a person log in anew: with other tokens, everything else as it was. */
  async renew(person, password) {
    const { token, refreshToken, rest } = await logIn(this.server.url, person.name, password);
    Object.assign(person, { token, refreshToken, rest });
  }

  /** Runs `chorus user` beside the server. */
  async user(...args) {
    const program = new Program(['user', ...args], { DATABASE_URL: this.server.database });
    assert.deepEqual(await program.ended(), { code: 0, signal: null }, program.errors);
  }

  /** Gives a person a role in the workspace; when it is done the server has heard of it. */
  async setRole(person, role) {
    const watcher = await NativeSocket.connected(person);
    await this.user('set-role', person.name, role);
    const { payload } = await watcher.next('user.updated');
    assert.equal(payload.user.role, role);
    watcher.close();
  }

  /** A project of `owner` with these members: people, or `[person, role]`. */
  async project(owner, ...members) {
    const project = await owner.rest.post('/projects', { name: 'Bridge' });
    for (const member of members) {
      const [person, role] = Array.isArray(member) ? member : [member, 'member'];
      await owner.rest.post(`/projects/${project.id}/members`, { user_id: person.id, role });
    }
    return project;
  }

  /** A task that `creator` makes in a project. */
  task(creator, project, fields = {}) {
    return creator.rest.post('/tasks', { project_id: project.id, title: 'Pour concrete', ...fields });
  }

  /** Somebody else with an account, and a project that nobody else belongs to. */
  async #person(name) {
    const person = await register(this.server.url, name);
    person.home = await person.rest.post('/projects', { name: `Home of ${name}` });
    return person;
  }
}

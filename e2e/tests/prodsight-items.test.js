// Budgets, scripts, shots and assets in the words of the ProdSight app, and as REST has them.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { number } from '../lib/shapes.js';
import { World } from '../lib/world.js';

const ROLES = {
  paula: 'producer', mona: 'production_manager', dirk: 'director', carl: 'crew', vera: 'vfx',
  dina: 'distribution_manager', ulla: 'user',
};

describe('prodsight: budgets, scripts, shots and assets', () => {
  let world;
  let [project, clients] = [];

  before(async () => {
    const names = Object.keys(ROLES);
    world = await World.start(['olga', 'sten', ...names], { dialect: 'taskmanager', listen: ['prodsight'] });
    for (const name of names) {
      if (ROLES[name] !== 'user') await world.setRole(world[name], ROLES[name]);
    }
    await world.setRole(world.sten, 'producer');
  });
  after(() => world.stop());
  beforeEach(async () => {
    world.closeClients();
    project = await world.project(world.olga, ...Object.keys(ROLES).map((name) => world[name]));
    clients = {};
    for (const name of ['sten', ...Object.keys(ROLES)]) clients[name] = await world.prodsight(world[name]);
  });

  const make = (path, body) => world.olga.rest.post(path, body);
  const here = (path) => `/projects/${project.id}/${path}`;
  /** The same word for each of these, which it returns; nothing for the others. */
  const heard = async (word, names) => {
    const told = [];
    for (const name of names) told.push(await clients[name].next(word));
    for (const one of told) {
      assert.deepEqual(one, told[0]);
      assert.ok(number(one.timestamp));
    }
    return told[0];
  };
  const silent = async () => {
    for (const client of Object.values(clients)) await client.quiet();
  };

  test('a budget: all of it, to producers and managers, with each change', async () => {
    const cast = await make(here('budget'), { name: 'Cast', budgeted: 1000 });
    assert.deepEqual((await heard('budget_update', ['paula', 'mona'])).budget, {
      total: 1000, spent: 0, remaining: 1000,
      categories: [{ name: 'Cast', budgeted: 1000, spent: 0, remaining: 1000 }],
      history: [],
      forecast: { projectedTotal: 1000, overBudget: 0, riskFactors: [] },
    });
    await make(`/budget/${cast.id}/entries`, { amount: '1200.10', description: 'Lead actor', date: '2024-09-01' });
    const { action, budget } = await heard('budget_update', ['paula', 'mona']);
    assert.equal(action, 'updated');
    assert.deepEqual(budget, {
      total: 1000, spent: 1200.1, remaining: -200.1,
      categories: [{ name: 'Cast', budgeted: 1000, spent: 1200.1, remaining: -200.1 }],
      history: [{ date: '2024-09-01', amount: 1200.1, category: 'Cast', description: 'Lead actor' }],
      forecast: { projectedTotal: 1200.1, overBudget: 200.1, riskFactors: ['Cast is over its budget by 200.10'] },
    });
    await world.olga.rest.delete(`/budget/${cast.id}`);
    const { budget: empty } = await heard('budget_update', ['paula', 'mona']);
    assert.deepEqual([empty.categories, empty.history, empty.spent], [[], [], 0]);
    await silent();
  });

  test('entries change what was spent, and a category is what is left of it', async () => {
    const cast = await make(here('budget'), { name: 'Cast', budgeted: '100', forecast: '90' });
    const entry = await make(`/budget/${cast.id}/entries`, { amount: 30, description: 'Hats' });
    const read = async () => {
      const { spent, remaining, projected, over, version } = await world.ulla.rest.get(`/budget/${cast.id}`);
      return [spent, remaining, projected, over, version];
    };
    assert.deepEqual(await read(), ['30.00', '70.00', '90.00', '0.00', 2]);
    assert.deepEqual(await world.ulla.rest.get(here('entries')), [entry]);
    await world.olga.rest.patch(`/entries/${entry.id}`, { description: 'Wigs' });
    assert.equal((await read()).at(-1), 2, 'what it is for changes nothing of the category');
    await world.olga.rest.patch(`/entries/${entry.id}`, { amount: '110.01' });
    assert.deepEqual(await read(), ['110.01', '-10.01', '110.01', '10.01', 3]);
    await world.olga.rest.delete(`/entries/${entry.id}`);
    assert.deepEqual(await read(), ['0.00', '100.00', '90.00', '0.00', 4]);
    await world.olga.rest.patch(`/budget/${cast.id}`, { spent: 5, remaining: 7 });
    assert.equal((await read()).at(-1), 4, 'what follows from others is not set');
    const { error } = await world.olga.rest.refused(422, 'POST', here('budget'), { body: { name: ' cast ' } });
    assert.deepEqual(error.fields, { name: 'is taken' });
    await world.carl.rest.refused(403, 'POST', here('budget'), { body: { name: 'Crew' } });
    await world.paula.rest.patch(`/budget/${cast.id}`, { budgeted: 1 });
    await world.sten.rest.refused(404, 'GET', `/budget/${cast.id}`);
    assert.deepEqual(await world.ulla.rest.get(here('entries/totals')), { items: 0, amount: '0.00' });
  });

  test('a script: all of it, to who makes the film', async () => {
    const makers = ['paula', 'mona', 'dirk', 'carl', 'vera'];
    const script = await make(here('scripts'), { title: 'Pier', revision: 'pink' });
    await heard('script_update', makers);
    const scene = await make(`/scripts/${script.id}/scenes`, {
      scene_number: '1', title: 'EXT. PIER', location: 'Pier', estimated_runtime_minutes: '1.5', int_ext: 'EXT',
      day_night: 'night', characters: ['Ann', 'Bo'], vfx_required: true, vfx_details: 'Fog', scene_status: 'not_shot',
    });
    const told = await heard('script_update', makers);
    assert.equal(told.action, 'updated');
    const { lastModified, scenes, ...rest } = told.script;
    assert.match(lastModified, /^\d{4}-\d\d-\d\d$/);
    assert.deepEqual(rest, {
      title: 'Pier', version: 'pink', totalScenes: 1, totalEstimatedDuration: 1.5, vfxScenes: 1,
      locations: ['Pier'], characters: ['Ann', 'Bo'],
    });
    assert.deepEqual(scenes, [{
      id: String(scene.id), scene_number: '1', title: 'EXT. PIER', int_ext: 'EXT', day_night: 'NIGHT',
      location: 'Pier', estimated_runtime_minutes: 1.5, scene_description: '', characters: ['Ann', 'Bo'],
      extras: [], props: [], wardrobe: [], makeup_hair: [], vehicles_animals_fx: [], set_dressing: [],
      special_equipment: [], stunts_vfx: [], sound_requirements: [], mood_tone: '', scene_complexity: 'Low',
      vfx_required: true, vfx_details: 'Fog', scene_status: 'Not Shot', number: '1', description: '',
      timeOfDay: 'NIGHT', estimatedDuration: 1.5, vfx: true, status: 'Not Shot',
    }]);
    const two = { scene_number: '2', title: 'INT. CABIN', location: 'Cabin', estimated_runtime_minutes: 2, position: 0.5 };
    await make(`/scripts/${script.id}/scenes`, two);
    const again = (await heard('script_update', makers)).script;
    assert.deepEqual(again.scenes.map(({ number: n }) => n), ['2', '1'], 'in their order');
    assert.equal(again.totalEstimatedDuration, 3.5);
    await world.carl.rest.patch(`/scenes/${scene.id}`, { scene_status: 'in_review' });
    assert.equal((await heard('script_update', makers)).script.scenes[1].status, 'In Review');
    await world.olga.rest.delete(`/scenes/${scene.id}`);
    assert.equal((await heard('script_update', makers)).script.totalScenes, 1);
    assert.equal((await world.ulla.rest.get(`/scripts/${script.id}`)).minutes, '2.00');
    await silent();
  });

  test('a shot with its versions, to who makes effects', async () => {
    const makers = ['paula', 'dirk', 'vera'];
    const shot = await make(here('vfx'), {
      shot_name: 'VFX_001', description: 'A car', assignee_id: world.vera.id, due_date: '2024-10-20', priority: 'critical',
      estimated_hours: 24,
    });
    const vfx = {
      id: String(shot.id), shotName: 'VFX_001', sceneId: '', description: 'A car', status: 'todo', priority: 'high',
      assignee: 'Vera Example', dueDate: '2024-10-20', versions: [], estimatedHours: 24, complexity: 'medium',
    };
    const told = async (action, shown) => {
      const { timestamp, ...update } = await heard('vfx_update', makers);
      assert.deepEqual(update, { action, vfx: shown });
    };
    await told('created', vfx);
    const version = await make(`/vfx/${shot.id}/versions`, { label: 'v001', date: '2024-10-01', status: 'review', notes: 'Dim', file_size: '2.1 GB' });
    const first = { version: 'v001', date: '2024-10-01', status: 'review', notes: 'Dim', fileSize: '2.1 GB' };
    await told('updated', { ...vfx, versions: [first] });
    const listed = await world.ulla.rest.get(here('vfx'));
    assert.deepEqual(listed.map(({ versions, version: v }) => [versions, v]), [[[version], 2]]);
    await world.vera.rest.patch(`/versions/${version.id}`, { status: 'approved' });
    await told('updated', { ...vfx, versions: [{ ...first, status: 'approved' }] });
    await world.vera.rest.patch(`/vfx/${shot.id}`, { status: 'done', assignee_id: null });
    const done = { ...vfx, status: 'done', assignee: '', versions: [{ ...first, status: 'approved' }] };
    await told('updated', done);
    for (const [field, value, what] of [['assignee_id', world.sten.id, 'a member of the project'], ['scene_id', shot.id, 'an item of the project']]) {
      const { error } = await world.olga.rest.refused(422, 'PATCH', `/vfx/${shot.id}`, { body: { [field]: value } });
      assert.deepEqual(error.fields, { [field]: `must name ${what}` });
    }
    await world.olga.rest.delete(`/vfx/${shot.id}`);
    await told('deleted', done);
    await world.olga.rest.refused(404, 'GET', `/versions/${version.id}`);
    await silent();
  });

  test('an asset, to everybody in the project', async () => {
    const all = Object.keys(ROLES);
    const made = await make(here('assets'), { name: 'a.pdf', media_type: 'application/pdf', size: 2048 });
    const { asset, action } = await heard('asset_update', all);
    const { uploadDate, ...rest } = asset;
    assert.match(uploadDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    assert.equal(action, 'created');
    assert.deepEqual(rest, {
      id: String(made.id), name: 'a.pdf', size: 2048, type: 'application/pdf', url: `/api/v1/assets/${made.id}/file`,
    });
    await world.carl.rest.patch(`/assets/${made.id}`, { name: 'b.pdf' });
    assert.equal((await heard('asset_update', all)).asset.name, 'b.pdf');
    await world.olga.rest.delete(`/assets/${made.id}`);
    assert.equal((await heard('asset_update', all)).action, 'deleted');
    await silent();
  });

  test('many changes at once: each is told, and the last has all of them', async () => {
    const cast = await make(here('budget'), { name: 'Cast', budgeted: 1000 });
    const spend = (n) => make(`/budget/${cast.id}/entries`, { amount: '0.01', description: `cent ${n}` });
    await Promise.all(Array.from({ length: 40 }, (_, n) => spend(n)));
    let last;
    for (let n = 0; n < 41; n += 1) last = await heard('budget_update', ['paula', 'mona']);
    assert.deepEqual([last.budget.spent, last.budget.history.length], [0.4, 40]);
    await silent();
  });
});

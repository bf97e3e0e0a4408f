// A second reckoning of bills and budgets, in whole units, from the items that events tell: what
// the server adds up must be the same to the last cent at every event.

import assert from 'node:assert/strict';

/** A decimal as a whole number of its last decimal. */
const units = (text) => BigInt(text.replace('.', ''));
const cents = (amount) => {
  const digits = `${amount < 0n ? -amount : amount}`.padStart(3, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};
const sum = (items, field) => items.reduce((all, item) => all + units(item[field]), 0n);
const most = (...all) => all.reduce((a, b) => (b > a ? b : a));

/** Quantity (3 decimals) times price (4) in cents, half a cent away from zero. */
const priceOf = ({ qty, unit_price: price }) => (units(qty) * units(price) + 50_000n) / 100_000n;

export class Ledger {
  items = new Map();

  /** Takes an event over; fails unless its item and its totals are what they must be after it. */
  take({ kind, payload }) {
    const { item, parent, items = [{ item }], item_kind: one = item?.kind } = payload;
    for (const { item: each } of items) {
      const known = this.items.get(each.id);
      assert.equal(known?.version ?? 0, kind === 'item.deleted' ? each.version : each.version - 1, 'no version is left out');
      if (kind === 'item.deleted') this.#remove(each.id);
      else this.items.set(each.id, each);
    }
    if (parent) this.items.set(parent.id, parent);
    for (const { item: each } of items) if (kind !== 'item.deleted') this.#check(each);
    if (parent) this.#check(parent);
    assert.ok(one in payload.totals, `the totals of ${one} are told`);
    for (const [name, totals] of Object.entries(payload.totals)) this.#agree(name, totals);
  }

  of(kind) {
    return [...this.items.values()].filter((item) => item.kind === kind);
  }

  /** What the totals of a kind are by this reckoning, sections included. */
  totals(kind) {
    const all = this.of(kind);
    const names = [...new Set(all.map(({ section }) => section).filter(Boolean))].sort();
    const sections = names.map((section) => ({ section, ...this.#sums(kind, all.filter((item) => item.section === section)) }));
    return { ...this.#sums(kind, all), ...(sections.length > 0 && { sections }) };
  }

  #remove(id) {
    this.items.delete(id);
    for (const item of this.items.values()) if (item.parent_id === id) this.items.delete(item.id);
  }

  #check(item) {
    if (item.kind === 'boq_item') assert.equal(item.total_price, cents(priceOf(item)), 'the price of an item');
    if (item.kind !== 'budget_category') return;
    const spent = sum(this.of('budget_entry').filter(({ parent_id: of }) => of === item.id), 'amount');
    const [budgeted, forecast] = [units(item.budgeted), item.forecast && units(item.forecast)];
    const projected = most(forecast ?? budgeted, spent);
    const { spent: s, remaining, projected: p, over } = item;
    assert.deepEqual([s, remaining, p, over], [spent, budgeted - spent, projected, most(projected - budgeted, 0n)].map(cents));
  }

  #agree(kind, { sections = [], ...whole }) {
    const all = this.of(kind);
    assert.deepEqual(whole, this.#sums(kind, all), `the totals of ${kind}`);
    for (const { section, ...sums } of sections) {
      assert.deepEqual(sums, this.#sums(kind, all.filter((item) => item.section === section)), `the totals of ${section}`);
    }
  }

  #sums(kind, items) {
    const fields = {
      boq_item: { total: 'total_price', allowance: 'allowance_amount' },
      budget_category: { budgeted: 'budgeted', spent: 'spent', remaining: 'remaining', projected: 'projected', over: 'over' },
      budget_entry: { amount: 'amount' },
    }[kind];
    const sums = Object.entries(fields).map(([name, field]) => [name, cents(sum(items, field))]);
    return { items: items.length, ...Object.fromEntries(sums) };
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { List } from '../../../src/report/page/counts.js';
import { freshState, fromHash, toHash } from '../../../src/report/page/state.js';

const condition = (field) => ({ field, key: field, values: ['x'], kql: 'k' });
const exclusions = ['a', 'b-c', 'd'].map((id, place) => ({ id, place, entries: [[condition('process.name')], [condition('destination.ip')]] }));
const columns = ['Time', 'A,B&=', 'ü:=!'].map((name) => ({ name }));
const limits = { bins: 50, groups: 9, rows: 100 };

test('a state comes back from the address as it was', () => {
  const list = new List(exclusions);
  const random = (most) => Math.floor(Math.random() * most);
  for (let round = 0; round < 300; round++) {
    const state = freshState(list);
    for (const flags of [state.choice.on, state.choice.entryOn]) flags.forEach((_, place) => { flags[place] = random(2); });
    state.choice.scoped.forEach((_, place) => { state.choice.scoped[place] = random(2); });
    state.view = ['kept', 'loose', 'changed'][random(3)];
    state.exclusion = random(2) ? null : random(3);
    state.span = random(2) ? null : [3, 3 + random(40)];
    state.where = Array.from({ length: random(4) }, () => ({ column: random(3), text: [null, '', '-', 'a=b&c,d:=%', 'x\u202e\n"<', '!'][random(6)], not: random(2) === 1 }));
    state.search = ['', 'a,b&c=%25', '<script>'][random(3)];
    state.group = random(2) ? null : random(9);
    state.groupBy = [null, -1, 0, 1][random(4)];
    state.sort = random(2) ? null : { column: random(4) - 1, down: random(2) === 1 };
    state.columns = random(2) ? null : [2, 1];
    state.row = random(2) ? null : random(100);
    assert.deepEqual(fromHash(`#${toHash(state, list, columns)}`, list, columns, limits), state, toHash(state, list, columns));
  }
});

test('what the address says of things that are not here is left out', () => {
  const list = new List(exclusions);
  const hash = '#off=nobody&without=a:9,a:x,zzz:1&scoped=&show=everything&by=q&span=60-70,9-3,x-y&where=nope:=1,A&group=77&sort=nope&columns=nope&row=1000&%E0%A4%A&__proto__=1&constructor=x';
  assert.deepEqual(fromHash(hash, list, columns, limits), freshState(list));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Choice, List } from '../../../src/report/page/counts.js';
import { meaning, yamlText, yamlValue } from '../../../src/report/page/write.js';

const condition = (field, values, key = field) => ({ field, key, values, kql: `${key}=${values}` });
const list = (...exclusions) => new List(exclusions.map((entries, place) => ({ id: `e${place}`, place, rules: [], entries })));

test('every text is written as itself', () => {
  for (const text of ['null', 'true', '1.0', 'a: b', '- a', "it's", '"', '#x', ' a', 'a ', '*', '&a', '!x', '%', '@', '`', '', 'C:\\Windows\\*', 'a\nb', '\u202e', '{a}', '[a]', '${x}', '|', '>', 'a\\', '\t', 'é', '😀', '\u{e0041}', '~']) {
    const written = yamlValue(text);
    if (written.startsWith('"')) assert.equal(JSON.parse(written.replace(/\\U([0-9a-f]{8})/g, (_, code) => String.fromCodePoint(parseInt(code, 16)))), text);
    else if (written.startsWith("'")) assert.equal(written.slice(1, -1).replaceAll("''", "'"), text);
    else assert.match(text, /^[A-Za-z][A-Za-z0-9 _.@/|-]*$/);
  }
  for (const word of ['null', 'yes', 'Off', 'TRUE', 'n']) assert.notEqual(yamlValue(word), word);
});

test('the scoped reading asks for every field at once', () => {
  const made = list([[condition('name', ['a'])], [condition('name', ['b'])], [condition('ip', ['1'])]]);
  const choice = new Choice(made);
  choice.scoped[0] = 1;
  assert.match(yamlText(made, choice), /when:\n {6}- name: \[a, b\]\n {8}ip: '1'\n$/);
  choice.entryOn[2] = 0;
  assert.match(yamlText(made, choice), /when:\n {6}- name: \[a, b\]\n$/);
  const joined = list([[condition('name', ['a']), condition('ip', ['1'])], [condition('port', ['5'])]]);
  const scoped = new Choice(joined);
  scoped.scoped[0] = 1;
  const keys = meaning(joined, scoped, 0).map((groups) => groups.map((group) => group.map((one) => one.key).join('|')));
  assert.deepEqual(keys, [['name', 'ip', 'port'], ['port', 'name', 'ip']]);
});

test('one field under two keys is an entry for each', () => {
  const made = list([[condition('path', ['a'], 'path|endswith')], [condition('path', ['b'])], [condition('ip', ['1'])]]);
  const choice = new Choice(made);
  choice.scoped[0] = 1;
  const text = yamlText(made, choice);
  assert.equal(text.match(/^ {6}- /gm).length, 2);
  assert.match(text, /- path\|endswith: a\n {8}ip: '1'/);
  assert.match(text, /- path: b\n {8}ip: '1'/);
});

test('what is off is not written', () => {
  const made = list([[condition('name', ['a'])]], [[condition('name', ['b'])]]);
  const choice = new Choice(made);
  choice.on[0] = 0;
  assert.doesNotMatch(yamlText(made, choice), /e0/);
  choice.on[1] = 0;
  assert.equal(yamlText(made, choice), 'exclusions: []\n');
});

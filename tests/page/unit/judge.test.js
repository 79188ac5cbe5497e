// The page's own verdicts against the matcher's, over the random rows of the laws: `page_cases` wrote what it says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { judge } from '../../../src/report/page/judge.js';

test('a cell meets a value if and only if the matcher says so', () => {
  const judged = JSON.parse(readFileSync(`${process.env.QUELL_CASES}/judged.json`, 'utf8'));
  const kinds = { text: [0, 0], address: [0, 0], number: [0, 0] };
  for (const [kind, values, cell, met] of judged) {
    const meets = judge(kind, values);
    assert.notEqual(meets, null, `${kind} ${values} can be read`);
    assert.equal(meets(cell), met, `${JSON.stringify(cell)} against ${kind} ${JSON.stringify(values)}`);
    kinds[kind][Number(met)] += 1;
  }
  console.log('compared, not met and met:', JSON.stringify(kinds));
  for (const counts of Object.values(kinds)) assert.ok(counts[0] > 20 && counts[1] > 20, 'both outcomes occur often');
});

test('what the matcher refuses to read is no value', () => {
  for (const [kind, value] of [
    ['address', '10.0.0.256'], ['address', '10.0.0.01'], ['address', '10.0.0.0/33'], ['address', '1::2::3'], ['address', '10.0.0.9-10.0.0.1'],
    ['address', '10.0.0.1-::5'], ['address', '::ffff:10.0.0.0/90'], ['address', '1:2:3:4:5:6:7:8:9'], ['address', ''], ['address', '::/129'],
    ['number', '01'], ['number', '-1'], ['number', '9-3'], ['number', '18446744073709551616'], ['text', ''],
  ]) assert.equal(judge(kind, [value]), null, `${kind} ${value}`);
});

test('a cell that is absent, empty or unreadable meets nothing', () => {
  for (const [kind, value] of [['text', '*'], ['address', '::/0'], ['address', '0.0.0.0/0'], ['number', '0-18446744073709551615']]) {
    for (const cell of [null, '', ...(kind === 'text' ? [] : ['x', '1.2.3', '+1', '443.0'])]) assert.equal(judge(kind, [value])(cell), false, `${kind} ${cell}`);
  }
});

test('many wildcards end', () => {
  const meets = judge('text', ['*a*a*a*a*a*a*a*b']);
  const begin = performance.now();
  assert.equal(meets('a'.repeat(20_000)), false);
  assert.ok(performance.now() - begin < 2_000);
});

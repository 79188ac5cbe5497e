import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grouped, lower, percent, short, shown, utc, visible } from '../../../src/report/page/text.js';

test('what cannot be seen is written out', () => {
  for (const [text, wanted] of [
    ['a\u202eexe.txt', 'a\\u{202e}exe.txt'], ['\u0007', '\\u{7}'], ['a\nb', 'a\\u{a}b'], ['\u200b\ufeff', '\\u{200b}\\u{feff}'],
    ['\u{e0041}', '\\u{e0041}'], ['\u2066x\u2069', '\\u{2066}x\\u{2069}'], ['é 漢 😀', 'é 漢 😀'], ['<b>&', '<b>&'],
  ]) assert.equal(visible(text), wanted);
});

test('a megabyte is cut before it is looked at', () => {
  assert.equal(short('x'.repeat(1 << 20)).length, 401);
  assert.equal(shown(null), '(absent)');
  assert.equal(shown(''), '(empty)');
});

test('shares never read as nothing or as all', () => {
  assert.equal(percent(1, 100_000), '<0.1%');
  assert.equal(percent(99_999, 100_000), '>99.9%');
  assert.equal(percent(0, 0), '–');
  assert.equal(grouped(1234567), '1,234,567');
  assert.equal(lower('ÉK\u212aS'), 'Ék\u212as');
  assert.equal(utc(1_763_251_574), '2025-11-16 00:06:14');
});

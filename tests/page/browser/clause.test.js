// The clause of a part of the list: read back as a tree of `and`, `or` and comparisons, it must be true just where what is
// switched on is, whichever comparisons are true.
import { test } from 'node:test';
import { Choice, List } from '../../../src/report/page/counts.js';
import { kqlText, meaning } from '../../../src/report/page/write.js';
import { CASES, assert, join, made, random, readFileSync } from './harness.js';

// Where a text may be cut: not inside of brackets or strings.
function topLevel(text, word) {
  const parts = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') at = endOfString(text, at);
    else if ('([{'.includes(text[at])) depth += 1;
    else if (')]}'.includes(text[at])) depth -= 1;
    else if (depth === 0 && text.startsWith(word, at) && /\s/.test(text[at - 1] ?? '') && /[\s(]/.test(text[at + word.length] ?? '')) {
      parts.push(text.slice(start, at).trim());
      start = at + word.length;
    }
  }
  return [...parts, text.slice(start).trim()];
}

function endOfString(text, start) {
  const isVerbatim = text[start - 1] === '@';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\' && !isVerbatim) at += 1;
    else if (text[at] === '"' && isVerbatim && text[at + 1] === '"') at += 1;
    else if (text[at] === '"') return at;
  }
  throw new Error(`a string that never ends: ${text.slice(start, start + 40)}`);
}

// Whether a comparison is true is decided by `is`, the same for the same text.
function truth(text, is) {
  const ors = topLevel(text, 'or');
  if (ors.length > 1) return ors.some((part) => truth(part, is));
  const ands = topLevel(text, 'and');
  if (ands.length > 1) return ands.every((part) => truth(part, is));
  const inner = text.match(/^\(([^]*)\)$/)?.[1] ?? text.match(/^coalesce\(([^]*), false\)$/)?.[1];
  return inner !== undefined && isWhole(inner) ? truth(inner.trim(), is) : is(text.replace(/\s+/g, ' '));
}

// Whether brackets around a text belong to each other.
function isWhole(text) {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') at = endOfString(text, at);
    else if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

// Random answers, each kept for as long as the text is the same.
function oracle(pick) {
  const known = new Map();
  return (text) => {
    if (!known.has(text)) known.set(text, pick(2) === 1);
    return known.get(text);
  };
}

function dataOf(page) {
  return JSON.parse(readFileSync(page.file, 'utf8').match(/id="data">([^]*?)<\/script>/)[1]);
}

test('the clause of a part of the list is true where what is switched on is', () => {
  const pick = random(31);
  let compared = 0;
  for (let number = 0; number < 20; number++) {
    const data = dataOf(made(`clause${number}`, [join(CASES, `${number}.csv`)], [join(CASES, `${number}.yaml`)]));
    for (let round = 0; round < 12; round++) {
      const list = new List(structuredClone(data.exclusions));
      const choice = new Choice(list);
      choice.on.forEach((_, place) => { choice.on[place] = Number(pick(4) > 0); });
      choice.entryOn.forEach((_, place) => { choice.entryOn[place] = Number(pick(3) > 0); });
      choice.scoped.forEach((_, place) => { choice.scoped[place] = Number(pick(2) === 0); });
      const text = kqlText(data, list, choice);
      const clauses = text.split(/^\| where not\(/m).slice(1).map((part) => part.replace(/\n\/\/[^]*$/, '').trim().replace(/\)$/, ''));
      const meant = list.exclusions.filter((one) => one.headline !== null).map((one) => meaning(list, choice, one.place)).filter((entries) => entries.length > 0);
      assert.equal(clauses.length, meant.length, text);
      for (const [place, clause] of clauses.entries()) {
        for (let row = 0; row < 8; row++) {
          const is = oracle(pick);
          const wanted = meant[place].some((entry) => entry.every((conditions) => conditions.some((condition) => truth(condition.kql, is))));
          assert.equal(truth(clause, is), wanted, clause);
          compared += 1;
        }
      }
    }
  }
  console.log('compared clauses and rows:', compared);
  assert.ok(compared > 2_000);
});

// Drafts of exclusions: the narrowest tuple that covers some rows, what else it would hide, and its YAML with cases.
import { readAddress, judge } from './judge.js';
import { lower } from './text.js';
import { yamlExclusion, yamlValue } from './write.js';

// Fields that say what a program is and where it goes, in the order in which a tuple names them. Others may be taken in.
const TELLING = [
  'process.name', 'process.path', 'process.parent.name', 'process.company', 'process.product',
  'destination.ip', 'destination.domain', 'destination.port', 'event.action',
];
// Different values of a field that are written one by one.
const MOST_VALUES = 8;
// Cases of each kind.
const MOST_CASES = 3;

// A chip for each field that every one of the rows has a value for.
export function propose(page, rows) {
  const chips = [];
  for (const field of page.fields) {
    const column = page.columns[field.column];
    const texts = distinct(column, rows);
    if (texts === null) continue;
    const values = narrowest(field.kind, texts);
    if (values === null || judge(field.kind, values) === null) continue;
    const isExact = values.length === texts.length;
    chips.push({ field: field.name, kind: field.kind, column: field.column, values, on: isExact && TELLING.includes(field.name) });
  }
  const place = (chip) => (TELLING.indexOf(chip.field) + TELLING.length + 1) % (TELLING.length + 1);
  chips.sort((a, b) => place(a) - place(b));
  if (!chips.some((chip) => chip.on) && chips.length > 0) chips[0].on = true;
  return chips;
}

// The different texts of a column in some rows; `null` if one has none. Letter case does not count.
function distinct(column, rows) {
  const { codes } = column;
  const found = new Map();
  const seen = new Set();
  for (const row of rows) {
    const code = codes[row];
    if (seen.has(code)) continue;
    seen.add(code);
    const text = column.text(code);
    if (text === null || text === '') return null;
    if (!found.has(lower(text))) found.set(lower(text), text);
    if (found.size > 10_000) return null;
  }
  return found.size === 0 ? null : [...found.values()];
}

// Values that all of the texts meet, as narrow as can be written in a line; `null` if there are none.
function narrowest(kind, texts) {
  if (texts.length <= MOST_VALUES) return texts.some((text) => kind === 'text' && /[*?]/.test(text)) ? literal(texts) : texts.slice().sort();
  if (kind === 'address') return network(texts);
  if (kind === 'number') return numbers(texts);
  const start = common(texts, (text, length) => text.slice(0, length));
  const end = common(texts, (text, length) => text.slice(text.length - length));
  if (/[*?]/.test(start + end) || start.length + end.length < 4) return null;
  const shortest = Math.min(...texts.map((text) => text.length));
  return start.length + end.length > shortest ? [`${start}*`] : [`${start}*${end}`];
}

// A text with `*` or `?` in it cannot be written literally as a whole value: `?` and `*` would stand for more.
function literal(texts) {
  return texts.every((text) => !/[*?]/.test(text)) ? texts : null;
}

function common(texts, part) {
  let length = Math.min(...texts.map((text) => text.length));
  const all = texts.map(lower);
  while (length > 0 && all.some((text) => part(text, length) !== part(all[0], length))) length--;
  return part(texts[0], length);
}

function network(texts) {
  const read = texts.map(readAddress);
  if (read.some((one) => one === null || one.family !== read[0].family)) return null;
  const bits = read[0].family === 4 ? 32 : 128;
  let length = bits;
  const prefix = (number) => number >> BigInt(bits - length);
  while (length > 0 && read.some((one) => prefix(one.number) !== prefix(read[0].number))) length--;
  if (length < (bits === 32 ? 8 : 32)) return null;
  const first = (read[0].number >> BigInt(bits - length)) << BigInt(bits - length);
  return [`${addressText(first, bits)}/${length}`];
}

function addressText(number, bits) {
  const groups = bits === 32 ? [24, 16, 8, 0] : [112, 96, 80, 64, 48, 32, 16, 0];
  const part = (shift) => (number >> BigInt(shift)) & (bits === 32 ? 0xffn : 0xffffn);
  return bits === 32 ? groups.map((shift) => part(shift)).join('.') : groups.map((shift) => part(shift).toString(16)).join(':');
}

function numbers(texts) {
  if (!texts.every((text) => /^(0|[1-9][0-9]{0,14})$/.test(text))) return null;
  const sorted = texts.map(Number).sort((a, b) => a - b);
  return [`${sorted[0]}-${sorted[sorted.length - 1]}`];
}

// For each row whether a tuple of chips covers it. Each different cell of a column is judged once.
export function covered(page, chips) {
  const out = new Uint8Array(page.rows.count);
  const tests = chips.filter((chip) => chip.on).map((chip) => cellTest(page.columns[chip.column], chip));
  if (tests.length === 0) return out;
  for (let row = 0; row < out.length; row++) out[row] = tests.every((test) => test(row)) ? 1 : 0;
  return out;
}

function cellTest(column, { kind, values }) {
  const meets = judge(kind, values);
  const known = new Uint8Array(column.size);
  const { codes } = column;
  return (row) => {
    const code = codes[row];
    if (known[code] === 0) known[code] = meets !== null && meets(column.text(code)) ? 2 : 1;
    return known[code] === 2;
  };
}

// A name for a draft that no exclusion has.
export function draftId(list, drafts, chips) {
  const name = chips.find((chip) => chip.on)?.values[0] ?? 'draft';
  const kebab = lower(name).replace(/\.exe$/, '').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40) || 'draft';
  const taken = new Set([...list.exclusions, ...list.leftOut, ...drafts].map((one) => one.id));
  for (let number = 1; ; number++) {
    const id = number === 1 ? kebab : `${kebab}-${number}`;
    if (!taken.has(id)) return id;
  }
}

// The draft as an exclusion with cases: rows that it must suppress, and kept rows that it only just must not.
export function draftYaml(page, draft, today) {
  const chips = draft.chips.filter((chip) => chip.on);
  const when = Object.fromEntries(chips.map((chip) => [chip.field, chip.values]));
  const { suppress, keep } = draftCases(page, draft.rows, chips);
  const cases = ['    cases:', ...caseLines('suppress', suppress), ...caseLines('keep', keep)].join('\n');
  return yamlExclusion({ id: draft.id, reason: draft.reason, created: today }, [when], `${cases}\n`);
}

function caseLines(name, cases) {
  if (cases.length === 0) return [];
  const pairs = (cells) => Object.entries(cells).map(([field, text]) => `${field}: ${yamlValue(text)}`);
  return [`      ${name}:`, ...cases.map((cells) => `        - {${pairs(cells).join(', ')}}`)];
}

// Rows that a draft covers, and rows that differ from it in one chip alone, with the cells that it looks at.
export function draftCases(page, rows, chips) {
  const cells = (row) => Object.fromEntries(chips.map((chip) => [chip.field, page.columns[chip.column].cell(row) ?? '']));
  const suppress = once(rows, cells);
  const tests = chips.map((chip) => cellTest(page.columns[chip.column], chip));
  const near = [];
  for (let row = 0; row < page.rows.count && near.length < 200; row++) {
    if (tests.reduce((unmet, test) => unmet + (test(row) ? 0 : 1), 0) === 1) near.push(row);
  }
  return { suppress, keep: once(near, cells) };
}

function once(rows, cells) {
  const found = new Map();
  for (const row of rows) {
    if (found.size === MOST_CASES) break;
    const made = cells(row);
    const key = JSON.stringify(made);
    if (!found.has(key)) found.set(key, made);
  }
  return [...found.values()];
}

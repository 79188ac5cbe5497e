// What is switched on, written for other places: KQL for the rule, YAML for the list, text for the ticket.
import { counted, grouped, percent, visible } from './text.js';
import { Choice } from './counts.js';

// Terms of one `or`; more are nested, as quell nests them.
const MOST_TERMS = 100;
// Exclusions beyond which `quell kql` merges the clause; the page writes each by itself.
export const MOST_SINGLE = 100;

// What an exclusion says with the entries and the reading that are chosen: a list of entries, each a list of groups of
// conditions, of which one must be met. Empty if it is off.
export function meaning(list, choice, place) {
  if (!choice.on[place]) return [];
  const numbered = list.entriesOf(place).filter((_, number) => choice.entryOn[list.exclusions[place].firstEntry + number]);
  const entries = numbered.map(({ first, count }) => list.conditions.slice(first, first + count));
  if (entries.length === 0) return [];
  if (!choice.scoped[place]) return entries.map((conditions) => conditions.map((condition) => [condition]));
  const fields = [...new Set(entries.flat().map((condition) => condition.field))];
  const meant = entries.map((conditions) => {
    const own = new Set(conditions.map((condition) => condition.field));
    const others = fields.filter((field) => !own.has(field));
    const of = (field) => entries.flat().filter((condition) => condition.field === field);
    return [...conditions.map((condition) => [condition]), ...others.map(of)];
  });
  return scopedOnce(meant, entries, fields);
}

// Where every entry names one field, all of them say the same when they are scoped: every field at once.
function scopedOnce(meant, entries, fields) {
  if (!entries.every((conditions) => conditions.length === 1)) return meant;
  return [fields.map((field) => entries.flat().filter((condition) => condition.field === field))];
}

// The clause, with a comment on what it leaves out.
export function kqlText(data, list, choice) {
  const left = leftOut(data);
  let body = '';
  for (const exclusion of list.exclusions) {
    const entries = meaning(list, choice, exclusion.place);
    if (entries.length === 0) continue;
    if (exclusion.headline === null) left.push([exclusion.id, 'that KQL cannot say']);
    else body += exclusion.headline + (isWhole(list, choice, exclusion) ? exclusion.clause : part(exclusion, entries));
  }
  const kinds = [...new Set(left.map(([, kind]) => kind))].sort();
  const lines = kinds.map((kind) => `${listed(`// left out, ${kind}:`, left.filter(([, known]) => known === kind).map(([id]) => id))}\n`).join('');
  return `${listed(`// quell:begin ${fnv(lines + body)}`, data.lists)}\n${lines}${body}// quell:end\n`;
}

// Characters of a comment on one line, less what `, and 99 more` takes.
const MOST_COMMENT = 94;

// Names behind the beginning of a comment, as many as fit on its line.
function listed(start, names) {
  let out = start;
  for (const [place, name] of names.entries()) {
    if (place > 0 && [...out].length + [...name].length > MOST_COMMENT) return `${out}, and ${names.length - place} more`;
    out += `${place === 0 ? ' ' : ', '}${name}`;
  }
  return out;
}

// Whether an exclusion stands as its list has it.
function isWhole(list, choice, exclusion) {
  const all = list.entriesOf(exclusion.place).every((_, number) => choice.entryOn[exclusion.firstEntry + number]);
  return all && !choice.scoped[exclusion.place];
}

// The clause of some entries, or of the scoped reading.
function part(exclusion, entries) {
  const any = tree(entries.map(kqlEntry), '\n    or ');
  if (exclusion.guard === null) return `| where not(${any})\n`;
  return `| where not(${exclusion.guard}\n    and (${any}))\n`;
}

// The ids of exclusions that were not applied, each with the kind of reason.
function leftOut(data) {
  const kinds = { expired: 'expired', 'other-rule': 'of other rules' };
  const left = data.exclusions.filter((one) => one.place === null);
  return left.map(({ id }) => [id, kinds[data.report.exclusions.find((one) => one.id === id)?.status] ?? 'of other schemas']);
}

function kqlEntry(groups) {
  const terms = groups.map((conditions) => tree(conditions.map((condition) => condition.kql), ' or '));
  return terms.length === 1 ? terms[0] : `(${terms.map(bracketed).join(' and ')})`;
}

// A term that may hold an `or` of its own, which `and` would tear apart.
function bracketed(term) {
  return /\s(or|and)\s/.test(term) ? `(${term})` : term;
}

function tree(terms, or) {
  if (terms.length <= MOST_TERMS) return terms.join(or);
  const size = Math.ceil(terms.length / MOST_TERMS);
  const groups = [];
  for (let at = 0; at < terms.length; at += size) {
    const group = terms.slice(at, at + size);
    groups.push(group.length === 1 ? group[0] : `(${tree(group, ` ${or.trim()} `)})`);
  }
  return groups.join(or);
}

// FNV-1a, 64 bits, as the marker of a clause has it.
function fnv(text) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}

// The list of what is switched on, as quell loads it.
export function yamlText(list, choice) {
  const out = [];
  for (const exclusion of list.exclusions) {
    const entries = meaning(list, choice, exclusion.place);
    if (entries.length > 0) out.push(yamlExclusion(exclusion, entries.flatMap(yamlEntries)));
  }
  return out.length === 0 ? 'exclusions: []\n' : `exclusions:\n${out.join('')}`;
}

const KEYS = ['scenario', 'owner', 'reason', 'reference', 'created', 'expires'];

export function yamlExclusion(exclusion, entries, cases = '') {
  const lines = [`  - id: ${yamlValue(exclusion.id)}`];
  if (exclusion.scenario) lines.push(`    scenario: ${yamlValue(exclusion.scenario)}`);
  lines.push('    when:');
  for (const entry of entries) {
    const pairs = Object.entries(entry).map(([key, values]) => `${yamlValue(key)}: ${yamlValues(values)}`);
    lines.push(`      - ${pairs.join('\n        ')}`);
  }
  if (exclusion.rules?.length > 0) lines.push(`    rules: [${exclusion.rules.map(yamlValue).join(', ')}]`);
  for (const key of KEYS.slice(1)) {
    if (exclusion[key]) lines.push(`    ${key}: ${yamlValue(exclusion[key])}`);
  }
  return `${lines.join('\n')}\n${cases}`;
}

// An entry as mappings of keys to values. Conditions of one key are one; where a group has several keys, of which one
// must be met, there is an entry for each of them.
function yamlEntries(groups) {
  let entries = [[]];
  for (const conditions of groups) {
    const byKey = new Map();
    for (const { key, values } of conditions) byKey.set(key, [...new Set([...(byKey.get(key) ?? []), ...values])]);
    const choices = [...byKey].map(([key, values]) => ({ key, values }));
    entries = entries.flatMap((entry) => choices.map((chosen) => [...entry, chosen]));
  }
  return entries.map((entry) => Object.fromEntries(entry.map(({ key, values }) => [key, values])));
}

export function yamlValues(values) {
  return values.length === 1 ? yamlValue(values[0]) : `[${values.map(yamlValue).join(', ')}]`;
}

// A text as YAML that is nothing but this text: plain where that is safe, in single quotes where nothing has to be
// escaped, else in double quotes with the escapes of JSON.
export function yamlValue(text) {
  if (/^[A-Za-z][A-Za-z0-9 _.@/|-]*$/.test(text) && !/ $|^(null|true|false|yes|no|on|off|y|n)$/i.test(text)) return text;
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  if (visible(text) === text) return `'${text.replaceAll("'", "''")}'`;
  const hex = (code, length) => code.toString(16).padStart(length, '0');
  return visible(JSON.stringify(text), (code) => (code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`));
}

// What a ticket says: totals, what is switched otherwise, each exclusion.
export function ticketText(data, list, weighed, counts, totals) {
  const { report } = data;
  const out = [`${counted(totals.read, 'row')} read: ${grouped(totals.kept)} kept (${percent(totals.kept, totals.read)}), `
    + `${grouped(totals.suppressed)} suppressed (${percent(totals.suppressed, totals.read)}), `
    + `${totals.undecidable === null ? '' : `${grouped(totals.undecidable)} kept undecidable.`}`];
  for (const file of report.results) out.push(`- ${plain(file.file)} (${file.format}, schema ${file.schema}, ${counted(file.rows, 'row')})`);
  if (report.rule) out.push(`- rule ${plain(report.rule.name ?? report.rule.id ?? '')}`);
  for (const warning of report.warnings) out.push(`- WARNING: ${plain(warning.message)}`);
  const changes = changesText(list, weighed.choice);
  if (changes.length > 0) out.push('', 'Otherwise than applied:', ...changes.map((change) => `- ${change}`));
  out.push('', '| exclusion | matches | hides | alone | loose only |', '|---|--:|--:|--:|--:|');
  const each = counts.each(weighed);
  for (const exclusion of list.exclusions) {
    const one = each[exclusion.place];
    const loose = weighed.choice.scoped[exclusion.place] ? 0 : one.matches - one.scoped;
    out.push(`| ${exclusion.id} | ${[one.matches, one.hides, one.alone, loose].map(grouped).join(' | ')} |`);
  }
  return `${out.join('\n')}\n`;
}

// Text that is no markup in a ticket.
function plain(text) {
  return visible(text).replace(/[\\`*_[\]<>|]/g, '\\$&');
}

// What is switched otherwise than it was applied, in words.
export function changesText(list, choice) {
  const whole = new Choice(list);
  const out = [];
  for (const { id, place, firstEntry, endEntry } of list.exclusions) {
    if (choice.on[place] !== whole.on[place]) out.push(`${id} is off`);
    for (let entry = firstEntry; entry < endEntry; entry++) {
      if (!choice.entryOn[entry]) out.push(`${id} without entry ${entry - firstEntry + 1}`);
    }
    if (choice.scoped[place]) out.push(`${id} read as scoped`);
  }
  return out;
}

// Why a row is kept or suppressed: which condition, the value seen, the value wanted, the nearest miss. Everything is
// looked up in what quell counted; nothing is judged here.
import { MET, NOT_MET, OPEN } from './counts.js';

// The exclusions that a row touches and the entry that came nearest to it.
export function explainRow(page, weighed, row) {
  const { counts, list } = page;
  const touched = [];
  for (const pattern of counts.sets.get(page.rows.set[row])) {
    const place = counts.patternExclusion[pattern];
    const stands = weighed.reading(pattern);
    touched.push({
      exclusion: list.exclusions[place],
      on: weighed.choice.has(place, list),
      stands,
      onlyLoose: weighed.loose[pattern] === MET && weighed.scoped[pattern] !== MET,
      entries: entriesOf(page, row, place, counts.met.get(pattern), counts.open.get(pattern)),
    });
  }
  touched.sort((a, b) => b.on - a.on || b.stands - a.stands);
  return { touched, nearest: nearest(page, row) };
}

function entriesOf(page, row, place, met, open) {
  return page.list.entriesOf(place).map((entry) => {
    const conditions = [];
    for (let i = entry.first; i < entry.first + entry.count; i++) {
      const stands = met.includes(i) ? MET : open.includes(i) ? OPEN : NOT_MET;
      conditions.push(explained(page, row, page.list.conditions[i], stands));
    }
    return { number: entry.number + 1, stands: Math.min(...conditions.map((one) => one.stands)), conditions };
  });
}

function nearest(page, row) {
  const near = page.rows.near[row];
  if (near === 0) return null;
  const entry = page.list.entries[page.near.entry[near - 1]];
  const unmet = page.near.unmet.get(near - 1);
  const open = page.near.open.get(near - 1);
  const conditions = [];
  for (let i = entry.first; i < entry.first + entry.count; i++) {
    const stands = unmet.includes(i) ? NOT_MET : open.includes(i) ? OPEN : MET;
    conditions.push(explained(page, row, page.list.conditions[i], stands));
  }
  return { exclusion: page.list.exclusions[entry.exclusion], number: entry.number + 1, conditions };
}

function explained(page, row, condition, stands) {
  const field = page.fields.find((known) => known.name === condition.field);
  const seen = field === undefined ? null : page.columns[field.column].cell(row);
  return { key: condition.key, field: condition.field, stands, seen, wanted: condition.values };
}

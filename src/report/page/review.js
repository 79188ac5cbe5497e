// What somebody did on the page, as a file for `quell` and for a colleague: docs/report.md says what stands where.
import { fromHash, toHash } from './state.js';
import { draftYaml } from './draft.js';

const FORMAT = 'quell-review/1';
const LABELS = ['benign', 'malicious', 'unsure'];
// Rows of a draft that are named.
const MOST_ROWS = 1000;

// The review as text.
export function reviewText(page) {
  const { choice } = page.state;
  const { list } = page;
  const ids = (chosen) => list.exclusions.filter((one) => chosen(one.place)).map((one) => one.id);
  const without = list.entries.filter((_, place) => !choice.entryOn[place]);
  const review = {
    format: FORMAT,
    results: page.data.report.results,
    totals: page.data.report.totals,
    switches: {
      off: ids((place) => !choice.on[place]),
      without: without.map((entry) => ({ id: list.exclusions[entry.exclusion].id, entry: entry.number + 1 })),
      scoped: ids((place) => choice.scoped[place]),
    },
    drafts: page.drafts.map((draft) => draftOf(page, draft)),
    labels: [...page.labels].map(([row, label]) => ({ ...rowName(page, row), label, cells: fieldCells(page, row) })),
    view: toHash(page.state, list, page.columns),
  };
  return `${JSON.stringify(review, null, 1)}\n`;
}

function draftOf(page, draft) {
  return {
    id: draft.id,
    on: draft.on,
    reason: draft.reason,
    when: Object.fromEntries(draft.chips.filter((chip) => chip.on).map((chip) => [chip.field, chip.values])),
    rows: draft.rows.slice(0, MOST_ROWS).map((row) => rowName(page, row)),
    yaml: `exclusions:\n${draftYaml(page, draft, page.data.report.today)}`,
  };
}

function rowName(page, row) {
  return { file: page.data.report.results[page.rows.file[row]]?.file ?? '', row: page.rows.number[row], line: page.rows.line[row] };
}

function fieldCells(page, row) {
  const cells = page.fields.map(({ name, column }) => [name, page.columns[column].cell(row)]);
  return Object.fromEntries(cells.filter(([, text]) => text !== null && text !== ''));
}

// Takes in a review of these results. What it says of rows and fields that are not here is left out.
export function takeReview(page, review) {
  if (review?.format !== FORMAT) throw new Error('it is no review that this page knows');
  const files = page.data.report.results.map((each) => each.file);
  const places = new Map();
  for (let row = 0; row < page.rows.count; row++) places.set(`${page.rows.file[row]}:${page.rows.number[row]}`, row);
  const rowOf = (named) => places.get(`${files.indexOf(named.file)}:${named.row}`);
  for (const one of review.labels ?? []) {
    const row = rowOf(one);
    if (row !== undefined && LABELS.includes(one.label)) page.labels.set(row, one.label);
  }
  page.state = fromHash(String(review.view ?? ''), page.list, page.columns, page.limits);
  page.drafts = (review.drafts ?? []).map((one) => takeDraft(page, one, rowOf)).filter(Boolean);
  page.show({ keep: false });
}

function takeDraft(page, one, rowOf) {
  const rows = (one.rows ?? []).map(rowOf).filter((row) => row !== undefined);
  const chips = Object.entries(one.when ?? {}).map(([name, values]) => {
    const field = page.fields.find((known) => known.name === name);
    return field && { field: name, kind: field.kind, column: field.column, values: [values].flat().map(String), on: true };
  });
  if (chips.length === 0 || chips.includes(undefined)) return null;
  return { id: String(one.id), reason: String(one.reason ?? ''), rows, chips, on: one.on === true, covers: 0, hides: 0, mask: null };
}

// The rows that are marked malicious as CSV with their own columns, for `quell probe --malicious`.
export function maliciousCsv(page) {
  const columns = page.columns.filter((column) => !column.derived);
  const cell = (text) => (/[",\r\n]/.test(text ?? '') ? `"${text.replaceAll('"', '""')}"` : text ?? '');
  const rows = [...page.labels].filter(([, label]) => label === 'malicious').map(([row]) => row);
  return [columns.map((column) => cell(column.name)), ...rows.map((row) => columns.map((column) => cell(column.cell(row))))].map((line) => `${line.join(',')}\r\n`).join('');
}

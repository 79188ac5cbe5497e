// One row opened: its verdict, why it is so, all of its cells.
import { shown, visible } from './text.js';
import { MET, OPEN } from './counts.js';
import { explainRow } from './explain.js';
import { button, byId, copy, el, replace, value } from './dom.js';
import { pick } from './view-facets.js';

// Characters of one cell that are shown at first.
const CELL = 2_000;
// Exclusions that a row hangs on and that are shown.
const MOST_HANGING = 10;

export function showRow(page) {
  const host = byId('row');
  if (page.tuning !== null) return;
  host.hidden = page.state.row === null;
  if (host.hidden) {
    replace(host);
    return;
  }
  const { row } = page.state;
  const file = page.data.report.results[page.rows.file[row]]?.file ?? '';
  replace(host,
    el('div', { class: 'bar' }, el('h2', {}, `Row ${page.rows.number[row]}`), el('span', { class: 'muted' }, value(visible(file)), `:${page.rows.line[row]}`),
      button('×', () => page.set({ row: null }), { 'aria-label': 'Close the row', 'data-key': 'close-row' })),
    el('p', { class: `verdict ${page.isSuppressed(row) ? 'suppressed' : 'kept'}` }, page.verdictText(row)),
    el('div', { class: 'tabs', role: 'group', 'aria-label': 'Mark it' }, ['benign', 'malicious', 'unsure'].map((label) =>
      button([label, el('kbd', {}, label[0])], () => page.label([row], page.labels.get(row) === label ? null : label), { 'aria-pressed': String(page.labels.get(row) === label), 'data-key': `row-${label}` })),
      page.isSuppressed(row) ? null : button('Exclude…', () => page.draftFrom([row]), { class: 'main', 'data-key': 'row-exclude' })),
    why(page, row),
    el('h3', {}, 'Cells'),
    cells(page, row));
}

function why(page, row) {
  if (page.rows.fault[row] > 0) return el('p', {}, `It cannot be read, and is kept: ${page.data.faults[page.rows.fault[row] - 1]}.`);
  const { touched, nearest } = explainRow(page, page.weighed, row);
  const covering = touched.filter((one) => one.stands === MET || one.onlyLoose);
  const hanging = touched.filter((one) => one.stands === OPEN);
  return [
    covering.map((one) => part(one, one.on ? (one.stands === MET ? (one.onlyLoose ? 'hides it, by the loose reading alone' : 'hides it') : 'would hide it by the loose reading') : 'is off; it would hide it')),
    hanging.length > 0 && covering.every((one) => !one.on) ? el('h3', {}, 'Hangs on a field without a value') : null,
    covering.every((one) => !one.on) ? hanging.slice(0, MOST_HANGING).map((one) => part(one, 'cannot be decided')) : null,
    hanging.length > MOST_HANGING ? el('p', { class: 'muted' }, `and ${hanging.length - MOST_HANGING} more exclusions`) : null,
    nearest === null || covering.some((one) => one.on && one.stands === MET) ? null : [el('h3', {}, 'Nearest miss'), el('div', { class: 'why' },
      el('p', {}, value(nearest.exclusion.id), nearest.exclusion.entries.length > 1 ? `, entry ${nearest.number}` : ''), nearest.conditions.map(condition))],
    el('p', { class: 'muted' }, button('Copy the command that explains it in full', () => copy(command(page, row), 'Command'), { class: 'quiet', 'data-key': 'copy-explain' })),
  ];
}

function command(page, row) {
  const file = page.data.report.results[page.rows.file[row]]?.file ?? '';
  const quoted = (text) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
  const options = page.data.options.map((option) => ` ${quoted(option)}`).join('');
  return `quell explain ${quoted(file)} --row ${page.rows.number[row]} --all${options}`;
}

function part({ exclusion, on, entries, onlyLoose }, says) {
  const telling = entries.filter((entry) => entry.stands === MET || (!onlyLoose && entry.stands === OPEN));
  const rest = onlyLoose ? entries.filter((entry) => entry.stands !== MET) : [];
  return el('div', { class: `why${on ? '' : ' off'}${onlyLoose ? ' loose' : ''}` }, el('p', {}, el('b', {}, value(exclusion.id)), ` ${says}`),
    telling.map((entry) => entry.conditions.map(condition)), rest.map((entry) => entry.conditions.map(condition)));
}

function condition({ key, stands, seen, wanted }) {
  const word = stands === MET ? 'met' : stands === OPEN ? 'no value' : 'not met';
  return el('div', { class: `condition ${word.replace(' ', '-')}` }, el('span', { class: 'stands' }, word), el('code', {}, key), ' is ', value(shown(seen, 200), { class: 'seen' }),
    stands === MET && wanted.length === 1 && wanted[0].toLowerCase() === seen?.toLowerCase() ? null : [', wanted ', wanted.slice(0, 6).map((text, place) => [place > 0 ? ' or ' : '', value(visible(text), { class: 'wanted' })]), wanted.length > 6 ? ` and ${wanted.length - 6} more` : '']);
}

function cells(page, row) {
  return el('dl', { class: 'cells-of' }, page.usedColumns.map((column) => {
    const { name, derived } = page.columns[column];
    const text = page.columns[column].cell(row);
    if (derived && text === null) return null;
    const whole = text !== null && text.length > CELL ? button(`all ${text.length} characters`, (event) => event.target.previousSibling.replaceChildren(visible(text)), { class: 'quiet' }) : null;
    return [el('dt', {}, value(name)), el('dd', {}, value(shown(text, CELL), { class: text === null || text === '' ? 'muted' : 'cell-text' }), whole, pick(page, column, text, shown(text, 60)))];
  }));
}

// Beside the exclusions: rows that only the loose reading hides, exclusions that cover the same rows, and what can be
// taken along.
import { counted, grouped, percent, shown, visible } from './text.js';
import { MOST_SINGLE, kqlText, ticketText, yamlText } from './write.js';
import { button, byId, copy, download, el, sync, value } from './dom.js';

const MOST_OVERLAPS = 8;
const MOST_LOOSE = 6;

export function showSide(page) {
  const overlaps = page.counts.overlaps(page.weighed, page.setRows);
  const lines = looseLines(page);
  const text = takeText(page, page.take);
  sync(byId('under'), [[JSON.stringify([overlaps.slice(0, MOST_OVERLAPS), overlaps.length, page.totals.suppressed]), () => overlapCard(page, overlaps)]]);
  sync(byId('side'), [
    [`loose ${JSON.stringify([lines.map((line) => [line.exclusion.id, line.rows, line.of]), page.totals.loose, page.totals.suppressed === 0, page.allLoose])}`, () => looseCard(page, lines)],
    [`take ${page.take} ${text}`, () => takeCard(page, text)],
  ]);
}

// The exclusions that hide rows only by the loose reading, with how many of how many.
function looseLines({ list, each, state }) {
  const lines = list.exclusions.map((exclusion) => {
    const { matches, scoped } = each[exclusion.place];
    const counts = state.choice.on[exclusion.place] && !state.choice.scoped[exclusion.place];
    return { exclusion, rows: counts ? matches - scoped : 0, of: matches };
  });
  return lines.filter((line) => line.rows > 0).sort((a, b) => b.rows - a.rows);
}

function looseCard(page, lines) {
  const { data } = page;
  if (lines.length === 0) return card('Hidden only by the loose reading', el('p', { class: 'muted' }, page.totals.suppressed === 0 ? 'No row is suppressed.' : 'Nothing: every suppressed row meets all that its exclusion names.'));
  const shownLines = page.allLoose ? lines : lines.slice(0, MOST_LOOSE);
  return card(['Hidden only by the loose reading ', button(grouped(page.totals.loose), () => page.set({ view: 'loose', exclusion: null }), { class: 'count loose', 'data-key': 'loose-all', 'aria-label': `${counted(page.totals.loose, 'row')}: show them`, title: 'Rows that nothing hides by the scoped reading: show them' })],
    el('p', { class: 'muted' }, 'They meet one part of an exclusion and not the rest. Look here first for an intruder.'),
    el('ul', { class: 'loose' }, shownLines.map(({ exclusion, rows, of }) => {
      const did = data.report.exclusions.find((one) => one.id === exclusion.id);
      return el('li', {}, el('details', { open: page.openLoose.has(exclusion.id), ontoggle: (event) => page.openLoose[event.target.open ? 'add' : 'delete'](exclusion.id) },
        el('summary', {}, value(exclusion.id), ' ', el('b', {}, grouped(rows)), el('span', { class: 'muted' }, ` of ${grouped(of)}`)),
        (did?.loose ?? []).map(looseField),
        button('Show these rows', () => page.set({ view: 'loose', exclusion: exclusion.place }), { class: 'quiet', 'data-key': `loose-${exclusion.place}` })));
    })),
    lines.length > shownLines.length ? button(`Show ${lines.length - shownLines.length} more`, () => page.update(() => { page.allLoose = true; }), { class: 'quiet', 'data-key': 'all-loose' }) : null);
}

// As the list was applied.
function looseField({ field, rows, distinct, examples }) {
  return el('div', { class: 'field' }, el('span', { class: 'muted' }, `another ${field}: `),
    examples.map((example, place) => [place > 0 ? ', ' : '', value(shown(example.value, 80), { class: 'wanted' }), el('span', { class: 'muted' }, ` ${grouped(example.rows)}`)]),
    distinct > examples.length ? el('span', { class: 'muted' }, ` and ${grouped(distinct - examples.length)} more`) : null,
    el('span', { class: 'offscreen' }, `, ${counted(rows, 'row')} as applied`));
}

function overlapCard(page, overlaps) {
  const rows = overlaps.reduce((sum, one) => sum + one.rows, 0);
  if (rows === 0) return card('Covered by several', el('p', { class: 'muted' }, page.totals.suppressed === 0 ? 'No row is suppressed.' : 'No row: each suppressed row has one exclusion.'));
  const names = (members) => members.map((place, at) => [at > 0 ? el('span', { class: 'muted' }, ' & ') : null, value(page.list.exclusions[place].id)]);
  const most = overlaps[0].rows;
  return card(['Covered by several ', el('span', { class: 'count' }, grouped(rows))],
    el('table', { class: 'overlaps' }, el('tbody', {}, overlaps.slice(0, MOST_OVERLAPS).map(({ members, rows: shared }) =>
      el('tr', {}, el('th', { scope: 'row' }, names(members)), el('td', { class: 'wide' }, el('span', { class: 'share', style: { width: `${Math.max(2, (100 * shared) / most)}%` } }, el('i', { class: 'shared', style: { flex: '1' } }))),
        el('td', { class: 'number' }, grouped(shared)), el('td', { class: 'number muted' }, percent(shared, page.totals.suppressed)))))),
    overlaps.length > MOST_OVERLAPS ? el('p', { class: 'muted' }, `and ${counted(overlaps.length - MOST_OVERLAPS, 'smaller combination')}`) : null);
}

// Characters that are shown of what is copied whole.
const PREVIEW = 3_000;

// A text of many lines, in which what cannot be seen is written out.
export function preview(text) {
  const lines = text.slice(0, PREVIEW).split('\n').map((line) => visible(line)).join('\n');
  return text.length > PREVIEW ? `${lines}…` : lines;
}

const TAKES = { kql: 'KQL', yaml: 'YAML', ticket: 'Ticket' };

export function takeText(page, which) {
  const { data, list, state, weighed, counts, totals } = page;
  if (which === 'kql') return kqlText(data, list, state.choice);
  return which === 'yaml' ? yamlText(list, state.choice) : ticketText(data, list, weighed, counts, totals);
}

function takeCard(page, text) {
  const isLong = page.take === 'kql' && page.list.exclusions.length > MOST_SINGLE;
  return card(['What is switched on'],
    el('div', { class: 'tabs', role: 'group', 'aria-label': 'As' }, Object.entries(TAKES).map(([which, name]) =>
      button(name, () => page.update(() => { page.take = which; }), { 'aria-pressed': String(page.take === which), 'data-key': `take-${which}` })),
      button(`Copy ${page.take === 'ticket' ? 'for ticket' : TAKES[page.take]}`, () => copy(text, TAKES[page.take]), { class: 'main', 'data-key': 'copy' })),
    isLong ? el('p', { class: 'muted' }, `More than ${MOST_SINGLE} exclusions: \`quell kql\` merges them, which the service takes better.`) : null,
    el('pre', { tabindex: 0, role: 'region', 'aria-label': TAKES[page.take] }, preview(text)),
    el('div', { class: 'tabs' },
      button('Export review', () => download('quell-review.json', 'application/json', page.reviewText()), { 'data-key': 'export', title: 'Labels, switches and drafts in one file: docs/report.md' }),
      button('Save malicious rows', () => page.saveMalicious(), { 'data-key': 'malicious', title: 'As CSV, for `quell probe --malicious`' }),
      el('label', { class: 'button' }, 'Open review', el('input', { type: 'file', accept: '.json', class: 'offscreen', 'data-key': 'import', onchange: (event) => {
        page.openReview(event.target.files[0]);
        // The same file may be opened again.
        event.target.value = '';
      } }))));
}

function card(title, ...children) {
  return el('section', { class: 'card' }, el('h2', {}, title), children);
}

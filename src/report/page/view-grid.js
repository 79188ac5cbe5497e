// The rows: a grid that holds in the document only what is in sight, moved through by keys, cell by cell.
import { counted, grouped, short, shown } from './text.js';
import { SUPPRESSED, UNDECIDABLE } from './counts.js';
import { button, byId, el, replace, sync, value } from './dom.js';
import { spanText } from './view-head.js';
import { showGroups } from './view-facets.js';

const ROW = 24;
// The width of the verdict.
const VERDICT = 150;
// Rows above and below what is in sight.
const SPARE = 10;
const VIEW_NAMES = { kept: 'Kept', suppressed: 'Suppressed', loose: 'Loose only', undecidable: 'Undecidable', changed: 'Changed', draft: 'Hidden by drafts', all: 'All' };

export function showRowsBar(page) {
  const { state, totals } = page;
  const numbers = { kept: totals.kept, suppressed: totals.suppressed, loose: totals.loose, undecidable: totals.undecidable, changed: page.came + page.went, draft: page.draftHides, all: totals.read };
  const views = Object.keys(VIEW_NAMES).filter((view) => ['kept', 'suppressed', 'all'].includes(view) || numbers[view] > 0 || state.view === view)
    .filter((view) => view !== 'undecidable' || page.data.knowsUndecidable);
  replace(byId('rows-bar'),
    el('div', { class: 'bar' },
      el('h2', { id: 'rows-title', tabindex: -1 }, 'Rows'),
      el('div', { class: 'tabs', role: 'group', 'aria-label': 'Which rows' }, views.map((view) =>
        button([VIEW_NAMES[view], ' ', el('span', { class: 'count' }, grouped(numbers[view]))], () => page.set({ view }), { 'aria-pressed': String(state.view === view), 'data-key': `view-${view}`, class: `show-${view}` }))),
      el('input', { type: 'search', placeholder: 'Search every column  /', 'aria-label': 'Search every column', value: state.search, 'data-key': 'search', oninput: (event) => page.searchSoon(event.target.value) }),
      groupSelect(page), columnPicker(page)),
    chips(page),
    page.selected.size > 0 ? selection(page) : null,
    el('p', { class: 'position muted', id: 'position' }));
}

function groupSelect(page) {
  const option = (label, chosen) => el('option', { value: String(chosen), selected: page.state.groupBy === chosen }, label);
  return el('label', {}, 'Group by ', el('select', { 'data-key': 'groupby', onchange: (event) => page.set({ groupBy: event.target.value === 'null' ? null : Number(event.target.value) }) },
    option('nothing', null), option('process and network', -1), page.usedColumns.map((column) => option(page.columns[column].name, column))));
}

function columnPicker(page) {
  const toggle = (column) => {
    const now = page.gridColumns;
    page.set({ columns: now.includes(column) ? now.filter((one) => one !== column) : page.usedColumns.filter((one) => now.includes(one) || one === column) });
  };
  return el('details', { class: 'picker', open: page.pickerOpen, ontoggle: (event) => { page.pickerOpen = event.target.open; } }, el('summary', { 'data-key': 'columns' }, `Columns ${page.gridColumns.length}/${page.usedColumns.length}`),
    el('div', {}, page.usedColumns.map((column) => el('label', {}, el('input', { type: 'checkbox', checked: page.gridColumns.includes(column), 'data-key': `column-${column}`, onchange: () => toggle(column) }), ' ', value(page.columns[column].name)))));
}

function chips(page) {
  const { state } = page;
  const chip = (text, without) => el('span', { class: 'chip' }, text, button('×', without, { 'aria-label': 'Remove this filter' }));
  const out = [];
  if (state.exclusion !== null) out.push(chip(['matched by ', value(page.list.exclusions[state.exclusion].id)], () => page.set({ exclusion: null })));
  if (state.span !== null) out.push(chip(spanText(page, state.span), () => page.set({ span: null })));
  if (state.group !== null) out.push(chip(value(`${shown(page.groupProcess.get(state.group), 80)} → ${page.groupDestination.get(state.group)}`), () => page.set({ group: null })));
  for (const one of state.where) {
    out.push(chip([value(page.columns[one.column].name), one.not ? ' ≠ ' : ' = ', value(shown(one.text, 80))], () => page.set({ where: state.where.filter((other) => other !== one) })));
  }
  return out.length === 0 ? null : el('div', { class: 'chips' }, out);
}

function selection(page) {
  const hidden = [...page.selected].filter((row) => page.isSuppressed(row)).length;
  return el('div', { class: 'selection', role: 'group', 'aria-label': 'Selected rows' },
    el('b', {}, counted(page.selected.size, 'row')), ' selected ',
    button('Exclude these…', () => page.draftFrom([...page.selected]), { class: 'main', 'data-key': 'exclude', disabled: hidden === page.selected.size }),
    ['benign', 'malicious', 'unsure'].map((label) => button([label, el('kbd', {}, label[0])], () => page.label([...page.selected], label), { 'data-key': `label-${label}` })),
    button('no label', () => page.label([...page.selected], null), { 'data-key': 'label-none' }),
    button('Clear', () => page.select([], false), { 'data-key': 'clear' }));
}

// The grid. It is made once; `show` fills it again.
export class Grid {
  constructor(page) {
    this.page = page;
    this.cursor = { at: 0, column: 0 };
    this.anchor = null;
    this.head = el('div', { class: 'head', role: 'row', 'aria-rowindex': 1 });
    this.body = el('div', { class: 'body', role: 'rowgroup' });
    this.host = el('div', { class: 'cells', role: 'grid', tabindex: 0, 'aria-label': 'Rows', 'aria-multiselectable': 'true' }, el('div', { role: 'rowgroup', class: 'heads' }, this.head), this.body);
    this.host.addEventListener('scroll', () => {
      this.scrolled = this.host.scrollTop;
      this.fill();
    }, { passive: true });
    this.scrolled = 0;
    this.height = 480;
    this.host.addEventListener('keydown', (event) => this.key(event));
    this.host.addEventListener('click', (event) => this.click(event));
    this.host.addEventListener('focus', () => this.fill());
    this.widths = new Map();
  }

  get rows() {
    return this.page.filteredRows;
  }

  // Shows the rows anew. The row that stood at the top stays there, or the next one after it that is still shown.
  show({ keep = true } = {}) {
    const { page } = this;
    const host = byId('grid');
    if (page.state.groupBy !== null) {
      showGroups(page, host);
      byId('position').textContent = '';
      return;
    }
    if (this.host.parentNode !== host) host.replaceChildren(this.host);
    const top = keep && this.top !== undefined ? this.placeOf(this.top) : 0;
    const current = this.current === undefined ? 0 : this.placeOf(this.current);
    this.cursor.at = Math.max(0, Math.min(this.rows.length - 1, keep ? current : 0));
    this.showHead();
    this.body.style.height = `${this.rows.length * ROW}px`;
    this.host.setAttribute('aria-rowcount', this.rows.length + 1);
    this.host.setAttribute('aria-colcount', page.gridColumns.length + 2);
    if (!keep) this.scrollTo(0);
    else if (top !== this.topPlace) this.scrollTo(top * ROW + (this.scrolled % ROW));
    this.fill();
  }

  scrollTo(height) {
    if (height === this.scrolled) return;
    this.host.scrollTop = height;
    this.scrolled = this.host.scrollTop;
  }

  // Takes note of the height of the window that the rows are seen through.
  measure() {
    this.height = this.host.clientHeight || 480;
    this.fill();
  }

  // The place of a row among those that are shown, or of the first after it in the file.
  placeOf(row) {
    const { rows } = this;
    if (this.page.state.sort !== null) return Math.max(0, rows.indexOf(row));
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle] < row) low = middle + 1;
      else high = middle;
    }
    return Math.min(low, Math.max(0, rows.length - 1));
  }

  showHead() {
    const { state } = this.page;
    const head = (column, name, place) => {
      const isSorted = state.sort !== null && state.sort.column === column;
      const order = isSorted ? (state.sort.down ? 'descending' : 'ascending') : 'none';
      return el('div', { class: 'cell', role: 'columnheader', 'aria-colindex': place + 1, 'aria-sort': order, 'data-sort': column, style: { width: `${this.width(column)}px` }, title: `${name}: sort` },
        value(name), isSorted ? el('span', { 'aria-hidden': 'true' }, state.sort.down ? ' ↓' : ' ↑') : null);
    };
    this.head.replaceChildren(
      el('div', { class: 'cell', role: 'columnheader', 'aria-colindex': 1, style: { width: '28px' } }, el('span', { class: 'offscreen' }, 'mark')),
      el('div', { class: 'cell', role: 'columnheader', 'aria-colindex': 2, style: { width: `${VERDICT}px` } }, 'verdict'),
      ...this.page.gridColumns.map((column, place) => head(column, this.page.columns[column].name, place + 2)));
    this.layout = this.page.gridColumns.join('.');
    const width = 28 + VERDICT + this.page.gridColumns.reduce((sum, column) => sum + this.width(column), 0);
    this.body.style.width = `${width}px`;
    this.head.style.width = `${width}px`;
  }

  // A column is as wide as most of its first cells, within limits.
  width(column) {
    if (!this.widths.has(column)) {
      const { texts, name } = this.page.columns[column];
      const lengths = Array.from({ length: Math.min(80, texts.length) }, (_, place) => Math.min(80, texts.get(place).length)).sort((a, b) => a - b);
      const usual = lengths[Math.floor(lengths.length * 0.9)] ?? 4;
      this.widths.set(column, Math.round(Math.min(420, Math.max(64, name.length * 6.8 + 26, usual * 7.3 + 20))));
    }
    return this.widths.get(column);
  }

  // Puts in the document what is in sight.
  fill() {
    if (this.page.state.groupBy !== null) return;
    const { rows } = this;
    this.topPlace = Math.floor(this.scrolled / ROW);
    this.top = rows[this.topPlace];
    this.current = rows[this.cursor.at];
    const { height } = this;
    const from = Math.max(0, this.topPlace - SPARE);
    const to = Math.min(rows.length, this.topPlace + Math.ceil(height / ROW) + SPARE);
    const places = Array.from({ length: to - from }, (_, place) => from + place);
    // What has the focus stays in the document when it is scrolled away.
    if (rows.length > 0 && (this.cursor.at < from || this.cursor.at >= to)) places.push(this.cursor.at);
    const empty = () => el('div', { class: 'empty', role: 'row' }, el('div', { role: 'gridcell' }, this.page.isUnfiltered() ? 'No row.' : 'No row passes these filters.'));
    sync(this.body, rows.length === 0 ? [['empty', empty]] : places.map((at) => this.part(at)));
    if (rows.length > 0) this.host.setAttribute('aria-activedescendant', `c${this.cursor.column}`);
    else this.host.removeAttribute('aria-activedescendant');
    this.say(this.topPlace, Math.min(rows.length, this.topPlace + Math.floor((height - ROW) / ROW)));
  }

  say(from, to) {
    const { page, rows } = this;
    const of = page.data.held < page.data.rows ? ' of the sample' : '';
    const text = rows.length === 0 ? 'no rows' : `${grouped(from + 1)}–${grouped(Math.max(from + 1, to))} of ${counted(rows.length, 'row')}${of}`;
    byId('position').replaceChildren(text, el('span', { class: 'keys' }, ' Enter opens, Space selects, ', ['b', 'm', 'u'].map((key) => el('kbd', {}, key)), ' mark benign, malicious, unsure, ', el('kbd', {}, '+'), el('kbd', {}, '−'), ' take the value in or out'));
  }

  // A line with everything that it shows.
  part(at) {
    const kinds = this.kinds(at);
    const row = this.rows[at];
    const current = at === this.cursor.at ? this.cursor.column : -1;
    const verdict = this.page.verdictText(row);
    const label = this.page.labels.get(row);
    return [`${at} ${row} ${kinds} ${current} ${label} ${this.layout} ${verdict}`, () => this.line(at, kinds.join(' '), verdict, label)];
  }

  kinds(at) {
    const { page } = this;
    const row = this.rows[at];
    const fate = page.weighed.fate[page.rows.set[row]];
    const kinds = ['line', fate === SUPPRESSED ? 'suppressed' : fate === UNDECIDABLE ? 'undecidable' : 'kept'];
    if (page.isOnlyLoose(row)) kinds.push('loose');
    if (page.draftOf(row) !== null) kinds.push('draft');
    if (page.selected.has(row)) kinds.push('selected');
    if (page.state.row === row) kinds.push('opened');
    if (at % 2 === 1) kinds.push('odd');
    return kinds;
  }

  line(at, kinds, verdict, label) {
    const { page } = this;
    const row = this.rows[at];
    const isCurrent = at === this.cursor.at;
    const cell = (place, width, attributes, ...children) => el('div', { class: `cell${isCurrent && place === this.cursor.column ? ' current' : ''}`, role: 'gridcell', 'aria-colindex': place + 1,
      id: isCurrent ? `c${place}` : null, 'data-at': at, 'data-column': place, style: { width: `${width}px` }, ...attributes }, children);
    return el('div', { class: kinds, role: 'row', 'aria-rowindex': at + 2, 'aria-selected': String(page.selected.has(row)), style: { top: `${at * ROW}px` } },
      cell(0, 28, { class: `cell mark ${label ?? ''}` }, label ? el('span', { title: label, 'aria-label': label }, label[0]) : el('span', { class: 'dot', 'aria-hidden': 'true' })),
      cell(1, VERDICT, { title: verdict }, value(verdict)),
      page.gridColumns.map((column, place) => {
        const text = page.columns[column].cell(row);
        return cell(place + 2, this.width(column), {}, text === null ? el('span', { class: 'nothing', 'aria-label': 'absent' }) : value(short(text)));
      }));
  }

  click(event) {
    const head = event.target.closest('[data-sort]');
    if (head) return this.sort(Number(head.dataset.sort));
    const cell = event.target.closest('[data-at]');
    if (!cell) return undefined;
    const at = Number(cell.dataset.at);
    this.cursor = { at, column: Number(cell.dataset.column) };
    if (event.shiftKey && this.anchor !== null) return this.extend(at);
    this.anchor = at;
    const row = this.rows[at];
    if (event.ctrlKey || event.metaKey || this.cursor.column === 0) return this.page.select([row], 'toggle');
    return this.page.set({ row: this.page.state.row === row ? null : row });
  }

  sort(column) {
    const { sort } = this.page.state;
    const next = sort === null || sort.column !== column ? { column, down: false } : sort.down ? null : { column, down: true };
    this.page.set({ sort: next });
  }

  extend(at) {
    const [from, to] = [Math.min(at, this.anchor), Math.max(at, this.anchor)];
    this.page.select(Array.from(this.rows.slice(from, to + 1)), true);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.height / ROW) - 2);
    const last = this.rows.length - 1;
    const columns = this.page.gridColumns.length + 1;
    const row = this.rows[this.cursor.at];
    const isFar = event.ctrlKey || event.metaKey;
    const moves = {
      ArrowDown: [isFar ? last : this.cursor.at + 1], ArrowUp: [isFar ? 0 : this.cursor.at - 1],
      PageDown: [this.cursor.at + page], PageUp: [this.cursor.at - page],
      ArrowRight: [this.cursor.at, this.cursor.column + 1], ArrowLeft: [this.cursor.at, this.cursor.column - 1],
      Home: isFar ? [0, 0] : [this.cursor.at, 0], End: isFar ? [last, columns] : [this.cursor.at, columns],
    };
    if (moves[event.key]) {
      event.preventDefault();
      const [at, column = this.cursor.column] = moves[event.key];
      return this.move(at, column, event.shiftKey && event.key.startsWith('Arrow'));
    }
    if (isFar || event.altKey || row === undefined) return undefined;
    const act = this.action(event.key, row);
    if (act === undefined) return undefined;
    event.preventDefault();
    return act();
  }

  action(key, row) {
    const { page } = this;
    const rows = page.selected.has(row) ? [...page.selected] : [row];
    const column = page.gridColumns[this.cursor.column - 2];
    const where = (not) => column !== undefined && (() => page.where(column, page.columns[column].cell(row), not));
    return {
      Enter: () => page.set({ row: page.state.row === row ? null : row }),
      ' ': () => page.select([row], 'toggle'),
      Escape: () => (page.state.row === null ? page.select([], false) : page.set({ row: null })),
      b: () => page.label(rows, 'benign'),
      m: () => page.label(rows, 'malicious'),
      u: () => page.label(rows, 'unsure'),
      x: () => page.label(rows, null),
      s: column !== undefined && (() => this.sort(column)),
      '+': where(false),
      '-': where(true),
    }[key] || undefined;
  }

  move(at, column, isSelecting) {
    if (isSelecting && this.anchor === null) this.anchor = this.cursor.at;
    this.cursor = { at: Math.max(0, Math.min(this.rows.length - 1, at)), column: Math.max(0, Math.min(this.page.gridColumns.length + 1, column)) };
    const top = this.cursor.at * ROW;
    const room = this.height - 2 * ROW - 2;
    if (top < this.scrolled) this.scrollTo(top);
    else if (top > this.scrolled + room) this.scrollTo(top - room);
    if (isSelecting) return this.extend(this.cursor.at);
    this.anchor = this.cursor.at;
    this.fill();
    this.body.querySelector('.current')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    return undefined;
  }
}

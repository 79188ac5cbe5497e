// Puts the page together: reads what it holds, keeps what is chosen, and shows every part anew when that changes.
import { Column, Store, unpack } from './decode.js';
import { Counts, List, SUPPRESSED, UNDECIDABLE } from './counts.js';
import { Rows, shownSets } from './select.js';
import { freshState, fromHash, toHash } from './state.js';
import { maliciousCsv, reviewText, takeReview } from './review.js';
import { byId, download, el, say } from './dom.js';
import { showHead, showNotices, titleOf } from './view-head.js';
import { showChart } from './view-chart.js';
import { showExclusions } from './view-exclusions.js';
import { showSide, takeText } from './view-side.js';
import { showFacets } from './view-facets.js';
import { Grid, showRowsBar } from './view-grid.js';
import { showRow } from './view-row.js';
import { newDraft, showTune, weighDraft } from './view-tune.js';

// Columns that are shown first, by the field that they hold.
const FIRST_FIELDS = ['process.name', 'destination.ip', 'destination.port', 'destination.domain', 'process.path', 'process.parent.name', 'user.name', 'host.name', 'event.action', 'process.command_line'];
const FIRST_COLUMNS = 9;
// Columns whose values are counted at once.
const OPEN_FACETS = 5;

class Page {
  constructor(data, store) {
    this.data = data;
    this.list = new List(data.exclusions);
    this.counts = new Counts(this.list, store);
    this.columns = data.columns.map(({ name, derived }, place) => new Column(store, place, name, derived));
    this.fields = data.fields;
    this.rows = new Rows(data, store, this.columns);
    this.near = { entry: store.numbers('near.entry'), unmet: store.lists('near.unmet'), open: store.lists('near.open') };
    this.groupProcess = store.texts('group.process');
    this.groupDestination = store.texts('group.destination');
    this.whole = this.counts.weigh(freshState(this.list).choice);
    this.base = this.counts.totals(this.whole);
    const base = this.counts.each(this.whole);
    this.lineOrder = this.list.exclusions.map((one) => one.place).sort((a, b) => base[b].matches - base[a].matches || (this.list.exclusions[a].id < this.list.exclusions[b].id ? -1 : 1));
    this.chooseColumns();
    this.labels = new Map();
    this.selected = new Set();
    this.drafts = [];
    this.tuning = null;
    this.openLines = new Set();
    this.openLoose = new Set();
    this.moreValues = new Set();
    this.take = 'kql';
    this.isSaved = true;
    this.grid = new Grid(this);
  }

  // Columns that hold anything, those of telling fields first, and which of them are shown if nobody says otherwise.
  chooseColumns() {
    const isUsed = (column) => column.size > 1 && !(column.size === 2 && column.texts.get(0) === '');
    this.usedColumns = this.columns.map((_, place) => place).filter((place) => isUsed(this.columns[place]));
    const time = this.usedColumns.find((place) => this.data.schema.time.includes(this.columns[place].name));
    const of = (name) => this.fields.find((field) => field.name === name)?.column;
    const telling = [time, ...FIRST_FIELDS.map(of)].filter((place) => this.usedColumns.includes(place));
    this.firstColumns = [...new Set(telling.length > 1 ? telling : this.usedColumns)].slice(0, FIRST_COLUMNS);
    const facets = [...new Set([...FIRST_FIELDS.map(of), ...this.usedColumns])].filter((place) => this.usedColumns.includes(place) && place !== time);
    this.facetColumns = facets;
    this.openFacets = new Set(facets.slice(0, OPEN_FACETS));
  }

  get gridColumns() {
    return this.state.columns ?? this.firstColumns;
  }

  get limits() {
    return { bins: this.data.time.bins, groups: this.groupProcess.length, rows: this.rows.count };
  }

  // Sizes are asked for when the window changes, and not each time: asking makes the browser lay everything out at once.
  measure() {
    this.chartWidth = byId('chart').clientWidth;
  }

  // Takes the state from the address.
  read() {
    this.state = fromHash(location.hash, this.list, this.columns, this.limits);
  }

  // Changes what is chosen.
  set(change) {
    if (change.row !== undefined && change.row !== null) this.tuning = null;
    const resets = ['view', 'exclusion', 'span', 'where', 'search', 'group', 'sort', 'groupBy'].some((key) => key in change);
    Object.assign(this.state, change);
    this.show({ keep: !resets });
  }

  // Changes which exclusions, entries and readings are on, and says what went and came.
  choose(change) {
    const before = this.weighed;
    const choice = this.state.choice.copy();
    change(choice);
    this.state.choice = choice;
    this.show();
    const { came, went } = this.difference(before, this.weighed);
    say(`${came} rows came back, ${went} went; ${this.totals.kept} kept, ${this.totals.suppressed} suppressed`);
  }

  update(change) {
    change();
    this.show();
  }

  reset() {
    this.drafts.forEach((draft) => { draft.on = false; });
    this.state.view = ['changed', 'draft'].includes(this.state.view) ? 'kept' : this.state.view;
    this.choose((choice) => Object.assign(choice, freshState(this.list).choice));
  }

  // Rows that one weighing keeps and the other hides.
  difference(before, after) {
    let [came, went] = [0, 0];
    for (let set = 0; set < this.setRows.length; set++) {
      const [was, is] = [before.fate[set] === SUPPRESSED, after.fate[set] === SUPPRESSED];
      if (was && !is) came += this.setRows[set];
      if (!was && is) went += this.setRows[set];
    }
    return { came, went };
  }

  // Counts anew, and shows everything.
  show({ keep = true } = {}) {
    const { state, counts } = this;
    this.weighed = state.choice.isWhole() ? this.whole : counts.weigh(state.choice);
    this.setRows = state.span === null ? counts.all : counts.rowsWithin(state.span);
    this.totals = this.known(counts.totals(this.weighed, this.setRows));
    this.each = counts.each(this.weighed, this.setRows);
    this.loose = this.looseSets();
    Object.assign(this, this.difference(this.whole, this.weighed));
    [...this.drafts, this.tuning].filter(Boolean).forEach((draft) => weighDraft(this, draft));
    this.filter();
    showHead(this);
    showExclusions(this);
    showSide(this);
    showChart(this);
    showRowsBar(this);
    showFacets(this);
    this.grid.show({ keep });
    showRow(this);
    showTune(this);
    clearTimeout(this.addressing);
    this.addressing = setTimeout(() => this.writeAddress());
  }

  // Of a list that is too long it is known only as a whole which rows hang on it.
  known(totals) {
    if (this.data.knowsUndecidable) return totals;
    const isWhole = this.state.choice.isWhole() && this.state.span === null;
    return { ...totals, undecidable: isWhole ? this.data.report.totals.undecidable : null };
  }

  writeAddress() {
    history.replaceState(null, '', `#${toHash(this.state, this.list, this.columns)}`);
  }

  looseSets() {
    const loose = new Uint8Array(this.counts.sets.length);
    for (let set = 0; set < loose.length; set++) loose[set] = this.counts.isOnlyLoose(this.weighed, set) ? 1 : 0;
    return loose;
  }

  filter() {
    const { state } = this;
    const shows = shownSets(state.view, state.exclusion, this.counts, this.weighed, this.whole);
    const drafts = this.drafts.filter((draft) => draft.on);
    this.draftHides = this.countDrafts(drafts);
    let only = null;
    if (drafts.length > 0 && ['kept', 'draft'].includes(state.view)) {
      const wanted = state.view === 'draft';
      only = Uint8Array.from({ length: this.rows.count }, (_, row) => Number(drafts.some((draft) => draft.mask[row]) === wanted));
    } else if (state.view === 'draft') {
      only = new Uint8Array(this.rows.count);
    }
    this.filteredRows = this.rows.filtered({ ...state, only }, this.weighed, shows);
  }

  countDrafts(drafts) {
    let rows = 0;
    for (let row = 0; drafts.length > 0 && row < this.rows.count; row++) {
      if (!this.isSuppressed(row) && drafts.some((draft) => draft.mask[row])) rows += 1;
    }
    return rows;
  }

  // Whether nothing but exclusions and the kind of rows is chosen, so that counts of all rows hold.
  isUnfiltered() {
    const { exclusion, span, where, search, group, view } = this.state;
    return exclusion === null && span === null && where.length === 0 && search === '' && group === null
      && ['kept', 'suppressed', 'all'].includes(view) && !this.drafts.some((draft) => draft.on);
  }

  where(column, text, not) {
    const others = this.state.where.filter((one) => one.column !== column || one.text !== text);
    this.set({ where: [...others, { column, text, not }], groupBy: null });
  }

  searchSoon(text) {
    clearTimeout(this.searching);
    this.searching = setTimeout(() => this.set({ search: text }), 120);
  }

  open(place) {
    this.update(() => this.openLines[this.openLines.has(place) ? 'delete' : 'add'](place));
  }

  toggleFacet(column, isOpen) {
    if (this.openFacets.has(column) === isOpen) return;
    this.openFacets[isOpen ? 'add' : 'delete'](column);
    showFacets(this);
  }

  isSuppressed(row) {
    return this.weighed.fate[this.rows.set[row]] === SUPPRESSED;
  }

  isOnlyLoose(row) {
    return this.loose[this.rows.set[row]] === 1;
  }

  draftOf(row) {
    return this.isSuppressed(row) ? null : this.drafts.find((draft) => draft.on && draft.mask?.[row]) ?? null;
  }

  verdictText(row) {
    if (this.rows.fault[row] > 0) return 'kept, unreadable';
    const set = this.rows.set[row];
    if (this.weighed.fate[set] === SUPPRESSED) {
      const ids = this.counts.coveringOf(this.weighed, set).map((place) => this.list.exclusions[place].id);
      return `${ids[0]}${ids.length > 1 ? ` +${ids.length - 1}` : ''}${this.isOnlyLoose(row) ? ', loose' : ''}`;
    }
    const draft = this.draftOf(row);
    if (draft !== null) return `draft ${draft.id}`;
    return this.weighed.fate[set] === UNDECIDABLE ? 'kept, undecidable' : 'kept';
  }

  // Selects rows: more of them, only them, or each the other way.
  select(rows, how) {
    if (how === false) this.selected.clear();
    for (const row of rows) {
      if (how === 'toggle' && this.selected.has(row)) this.selected.delete(row);
      else this.selected.add(row);
    }
    showRowsBar(this);
    this.grid.fill();
    say(`${this.selected.size} rows selected`);
  }

  label(rows, label) {
    for (const row of rows) {
      if (label === null) this.labels.delete(row);
      else this.labels.set(row, label);
    }
    this.isSaved = false;
    [...this.drafts, this.tuning].filter(Boolean).forEach((draft) => weighDraft(this, draft));
    this.grid.fill();
    showRow(this);
    showTune(this);
    say(label === null ? `label taken off ${rows.length} rows` : `${rows.length} rows marked ${label}`);
  }

  draftFrom(rows) {
    const kept = rows.filter((row) => !this.isSuppressed(row));
    if (kept.length === 0) return;
    this.tuning = newDraft(this, kept);
    this.isSaved = false;
    this.show();
    byId('row').querySelector('button, input')?.focus();
  }

  excludeGroup(group) {
    this.draftFrom(Array.from(this.filteredRows.filter(group.has)));
  }

  editDraft(draft) {
    this.update(() => { this.tuning = draft; });
  }

  takeKql() {
    return takeText(this, 'kql');
  }

  takeYaml() {
    return takeText(this, 'yaml');
  }

  reviewText() {
    this.isSaved = true;
    return reviewText(this);
  }

  // Takes in a review of these results.
  async openReview(file) {
    if (!file) return;
    try {
      takeReview(this, JSON.parse(await file.text()));
      say('review opened');
    } catch (error) {
      say(`not a review of this page: ${error.message}`);
      byId('notices').prepend(el('p', { class: 'notice warning' }, `This file could not be opened: ${error.message}`));
    }
  }
}

function listen(page) {
  window.addEventListener('hashchange', () => {
    page.read();
    page.show({ keep: false });
  });
  window.addEventListener('keydown', (event) => {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === '/' && !isTyping) {
      event.preventDefault();
      document.querySelector('[data-key="search"]').focus();
    }
  });
  window.addEventListener('beforeunload', (event) => {
    if (!page.isSaved) event.preventDefault();
  });
  let width = window.innerWidth;
  window.addEventListener('resize', () => {
    if (width === window.innerWidth) return page.grid.measure();
    width = window.innerWidth;
    page.measure();
    showChart(page);
    return page.grid.measure();
  });
}

async function open() {
  const data = JSON.parse(byId('data').textContent);
  const packed = byId('packed');
  const store = new Store(data.blocks, await unpack(packed.textContent));
  packed.remove();
  const page = new Page(data, store);
  page.read();
  page.measure();
  document.title = titleOf(page);
  showNotices(page);
  page.show({ keep: false });
  page.grid.measure();
  page.saveMalicious = () => download('malicious.csv', 'text/csv', maliciousCsv(page));
  listen(page);
  window.quell = page;
  requestAnimationFrame(() => setTimeout(() => {
    performance.mark('quell-ready');
    document.body.setAttribute('data-ready', '');
  }));
}

open().catch((error) => {
  byId('notices').replaceChildren(el('p', { class: 'notice warning' }, `This report cannot be shown: ${error.message}. It needs a browser of 2023 or later.`));
  throw error;
});

// Which of the rows that the page holds are shown, in which order, and what their cells add up to.
import { lower } from './text.js';
import { SUPPRESSED, UNDECIDABLE } from './counts.js';

// A row has no time.
const UNTIMED = 0xffffffff;

// The rows that are held.
export class Rows {
  constructor(data, store, columns) {
    this.count = data.held;
    this.columns = columns;
    this.time = data.time;
    this.set = store.numbers('row.set');
    this.group = store.numbers('row.group');
    this.near = store.numbers('row.near');
    this.fault = store.numbers('row.fault');
    this.file = store.numbers('row.file');
    this.number = store.numbers('row.number');
    this.line = store.numbers('row.line');
    this.since = store.numbers('row.time');
    this.bin = this.bins();
    this.orders = new Map();
    this.searched = { text: '', columns: [] };
  }

  bins() {
    const { start, width, bins, first, unit } = this.time;
    const out = new Uint32Array(this.count);
    const offset = first - start;
    const perSecond = 1000 / unit;
    for (let row = 0; row < this.count; row++) {
      const since = this.since[row];
      out[row] = since === UNTIMED ? bins : Math.floor((offset + since / perSecond) / width);
    }
    return out;
  }

  // Seconds since 1970; `null` for a row without time.
  seconds(row) {
    const since = this.since[row];
    return this.isTimed(row) ? this.time.first + (since * this.time.unit) / 1000 : null;
  }

  isTimed(row) {
    return this.bin[row] < this.time.bins;
  }

  // The rows that a filter lets through, in an order.
  filtered(filter, weighed, shows) {
    const order = filter.sort ? this.order(filter.sort) : null;
    const tests = this.cellTests(filter);
    const span = filter.span;
    const found = new Uint32Array(this.count);
    let count = 0;
    for (let i = 0; i < this.count; i++) {
      const row = order === null ? i : order[i];
      if (!shows[this.set[row]]) continue;
      if (span !== null && (this.bin[row] < span[0] || this.bin[row] > span[1])) continue;
      if (filter.group !== null && this.group[row] !== filter.group) continue;
      if (filter.only !== null && !filter.only[row]) continue;
      if (tests.every((test) => test(row))) found[count++] = row;
    }
    return found.subarray(0, count);
  }

  // A test for each condition on cells: columns that must or must not hold a text, and the text that is searched.
  cellTests(filter) {
    const tests = filter.where.map(({ column, text, not }) => {
      const { codes } = this.columns[column];
      const code = this.codeOf(column, text);
      return not ? (row) => codes[row] !== code : (row) => codes[row] === code;
    });
    if (filter.search !== '') {
      const found = this.search(filter.search);
      tests.push((row) => found.some(({ codes, has }) => has[codes[row]] === 1));
    }
    return tests;
  }

  // The code of a text in a column; -1 if no row has it.
  codeOf(column, text) {
    if (text === null) return 0;
    const { texts } = this.columns[column];
    for (let place = 0; place < texts.length; place++) {
      if (texts.ends[place + 1] - texts.ends[place] === text.length && texts.get(place) === text) return place + 1;
    }
    return -1;
  }

  // For each column in which a text occurs, the codes that hold it. Letter case does not count.
  search(text) {
    if (this.searched.text === text) return this.searched.columns;
    const found = [];
    for (const column of this.columns.filter((each) => !each.derived)) {
      const has = new Uint8Array(column.size);
      // Letter case is left to the engine: a lower-case copy of megabytes would take longer than the search.
      const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'gi');
      const { all, ends } = column.texts;
      let place = 0;
      let any = false;
      for (let match = pattern.exec(all); match !== null; match = pattern.exec(all)) {
        while (ends[place + 1] <= match.index) place++;
        // What is found across the border of two cells is in none of them.
        const isInside = match.index + text.length <= ends[place + 1];
        if (isInside) has[place + 1] = 1;
        any ||= isInside;
        pattern.lastIndex = isInside ? ends[place + 1] : match.index + 1;
      }
      if (any) found.push({ codes: column.codes, has });
    }
    this.searched = { text, columns: found };
    return found;
  }

  // All rows in the order of a column, or of time for column -1.
  order({ column, down }) {
    const key = `${column}${down}`;
    if (!this.orders.has(key)) this.orders.set(key, this.sorted(column, down));
    return this.orders.get(key);
  }

  sorted(column, down) {
    const keys = column < 0 ? this.since : ranks(this.columns[column]);
    const codes = column < 0 ? null : this.columns[column].codes;
    const key = (row) => (codes === null ? keys[row] : keys[codes[row]]);
    const order = Uint32Array.from({ length: this.count }, (_, row) => row);
    return order.sort((a, b) => (down ? key(b) - key(a) : key(a) - key(b)) || a - b);
  }

  // The cells of a column among some rows: how many of each are kept and suppressed.
  facet(column, rows, weighed) {
    const { codes, size } = this.columns[column];
    const kept = new Uint32Array(size);
    const suppressed = new Uint32Array(size);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      (weighed.fate[this.set[row]] === SUPPRESSED ? suppressed : kept)[codes[row]] += 1;
    }
    let distinct = 0;
    for (let code = 0; code < size; code++) distinct += kept[code] + suppressed[code] > 0 ? 1 : 0;
    return { kept, suppressed, distinct };
  }

  // The most frequent codes of a facet.
  top({ kept, suppressed }, most) {
    const best = [];
    for (let code = 0; code < kept.length; code++) {
      const rows = kept[code] + suppressed[code];
      if (rows === 0 || (best.length === most && rows <= best[most - 1].rows)) continue;
      best.push({ code, rows, kept: kept[code], suppressed: suppressed[code] });
      best.sort((a, b) => b.rows - a.rows || a.code - b.code);
      if (best.length > most) best.pop();
    }
    return best;
  }
}

// For each code of a column its place in order: numbers by size, where all are, else texts; what is absent comes first.
function ranks(column) {
  const { texts, size } = column;
  const codes = Array.from({ length: size - 1 }, (_, place) => place + 1);
  const values = codes.map((code) => texts.get(code - 1));
  const numbers = values.map((text) => (/^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : NaN));
  const isNumber = numbers.every((number, place) => !Number.isNaN(number) || values[place] === '');
  const folded = isNumber ? null : values.map(lower);
  const by = isNumber
    ? (a, b) => (numbers[a - 1] || 0) - (numbers[b - 1] || 0)
    : (a, b) => (folded[a - 1] < folded[b - 1] ? -1 : folded[a - 1] > folded[b - 1] ? 1 : 0);
  codes.sort((a, b) => by(a, b) || a - b);
  const ranked = new Uint32Array(size);
  codes.forEach((code, place) => {
    ranked[code] = place + 1;
  });
  return ranked;
}

// Which sets a view shows.
export function shownSets(view, exclusion, counts, weighed, before) {
  const shows = new Uint8Array(counts.sets.length);
  for (let set = 0; set < shows.length; set++) {
    const fate = weighed.fate[set];
    const isIn = {
      all: () => true,
      kept: () => fate !== SUPPRESSED,
      suppressed: () => fate === SUPPRESSED,
      undecidable: () => fate === UNDECIDABLE,
      loose: () => counts.isOnlyLoose(weighed, set),
      draft: () => fate !== SUPPRESSED,
      changed: () => (fate === SUPPRESSED) !== (before.fate[set] === SUPPRESSED),
    }[view]();
    shows[set] = isIn && (exclusion === null || touches(counts, weighed, set, exclusion)) ? 1 : 0;
  }
  return shows;
}

// Whether an exclusion matches the rows of a set, on or off.
function touches(counts, weighed, set, exclusion) {
  for (const pattern of counts.sets.get(set)) {
    if (counts.patternExclusion[pattern] === exclusion && weighed.reading(pattern) === 2) return true;
  }
  return false;
}

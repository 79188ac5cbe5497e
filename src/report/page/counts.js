// What a choice of exclusions, entries and readings does. Rows that stand alike with every exclusion share a *set*, and
// quell counted the rows of each set; a choice is weighed by looking at patterns and sets, never at rows. Nothing here
// is an estimate.

export const NOT_MET = 0;
export const OPEN = 1;
export const MET = 2;

// What becomes of the rows of a set.
export const KEPT = 0;
export const UNDECIDABLE = 1;
export const SUPPRESSED = 2;

// The list as the page knows it: exclusions in force, their entries and conditions, counted through the whole list.
export class List {
  constructor(described) {
    this.exclusions = described.filter((one) => one.place !== null);
    this.leftOut = described.filter((one) => one.place === null);
    this.places = new Map(this.exclusions.map((one) => [one.id, one.place]));
    this.entries = [];
    this.conditions = [];
    for (const exclusion of this.exclusions) {
      exclusion.firstEntry = this.entries.length;
      for (const [number, conditions] of exclusion.entries.entries()) {
        this.entries.push({ exclusion: exclusion.place, number, first: this.conditions.length, count: conditions.length });
        this.conditions.push(...conditions);
      }
      exclusion.endEntry = this.entries.length;
    }
  }

  // Whether the loose and the scoped reading of an exclusion can differ.
  hasReadings(place) {
    const { entries } = this.exclusions[place];
    return entries.length > 1 && new Set(entries.flat().map((condition) => condition.field)).size > 1;
  }

  entriesOf(place) {
    const { firstEntry, endEntry } = this.exclusions[place];
    return this.entries.slice(firstEntry, endEntry);
  }
}

// Which exclusions and entries are on, and which exclusions are read as scoped: a row then has to meet every field that
// the entries name, not only one entry.
export class Choice {
  constructor(list) {
    this.on = new Uint8Array(list.exclusions.length).fill(1);
    this.entryOn = new Uint8Array(list.entries.length).fill(1);
    this.scoped = new Uint8Array(list.exclusions.length);
  }

  copy() {
    return Object.assign(Object.create(Choice.prototype), {
      on: this.on.slice(),
      entryOn: this.entryOn.slice(),
      scoped: this.scoped.slice(),
    });
  }

  // Whether everything is as it was applied.
  isWhole() {
    return this.on.every(Boolean) && this.entryOn.every(Boolean) && !this.scoped.some(Boolean);
  }

  has(place, list) {
    const { firstEntry, endEntry } = list.exclusions[place];
    return this.on[place] === 1 && this.entryOn.subarray(firstEntry, endEntry).includes(1);
  }
}

// The patterns and sets that occur.
export class Counts {
  constructor(list, store) {
    this.list = list;
    this.patternExclusion = store.numbers('pattern.exclusion');
    this.met = store.lists('pattern.met');
    this.open = store.lists('pattern.open');
    this.sets = store.lists('set.patterns');
    this.timed = ['set', 'bin', 'rows'].map((part) => store.numbers(`timed.${part}`));
    this.grouped = ['set', 'group', 'rows'].map((part) => store.numbers(`grouped.${part}`));
    this.stands = new Uint8Array(list.conditions.length);
    this.all = this.rowsWithin(null);
  }

  // Rows of each set within the spans of a chart, both ends included; all without.
  rowsWithin(span) {
    const rows = new Float64Array(this.sets.length);
    const [set, bin, count] = this.timed;
    for (let i = 0; i < set.length; i++) {
      if (span === null || (bin[i] >= span[0] && bin[i] <= span[1])) rows[set[i]] += count[i];
    }
    return rows;
  }

  // What a choice does to each pattern and each set.
  weigh(choice) {
    const patterns = this.patternExclusion.length;
    const loose = new Uint8Array(patterns);
    const scoped = new Uint8Array(patterns);
    for (let pattern = 0; pattern < patterns; pattern++) {
      [loose[pattern], scoped[pattern]] = this.readings(pattern, choice);
    }
    const reading = (pattern) => (choice.scoped[this.patternExclusion[pattern]] ? scoped : loose)[pattern];
    const fate = new Uint8Array(this.sets.length);
    // How many exclusions that are on cover a set, and the one if it is one.
    const covering = new Uint32Array(this.sets.length);
    const sole = new Int32Array(this.sets.length).fill(-1);
    for (let set = 0; set < this.sets.length; set++) {
      let hangs = false;
      for (const pattern of this.sets.get(set)) {
        const exclusion = this.patternExclusion[pattern];
        if (!choice.on[exclusion]) continue;
        const stands = reading(pattern);
        hangs ||= stands === OPEN;
        if (stands === MET) {
          covering[set] += 1;
          sole[set] = exclusion;
        }
      }
      if (covering[set] !== 1) sole[set] = -1;
      fate[set] = covering[set] > 0 ? SUPPRESSED : hangs ? UNDECIDABLE : KEPT;
    }
    return { choice, loose, scoped, reading, fate, covering, sole };
  }

  // How a pattern stands with its exclusion, by the loose and by the scoped reading, with the entries that are on.
  readings(pattern, choice) {
    const exclusion = this.patternExclusion[pattern];
    const { firstEntry, endEntry } = this.list.exclusions[exclusion];
    const met = this.met.get(pattern);
    const open = this.open.get(pattern);
    for (const condition of met) this.stands[condition] = MET;
    for (const condition of open) this.stands[condition] = OPEN;
    let loose = NOT_MET;
    let scoped = NOT_MET;
    const fields = endEntry - firstEntry > 1 ? this.bestByField(firstEntry, endEntry, choice) : null;
    for (let entry = firstEntry; entry < endEntry; entry++) {
      if (!choice.entryOn[entry]) continue;
      const stands = this.entryStands(entry);
      loose = Math.max(loose, stands);
      scoped = Math.max(scoped, fields === null ? stands : this.withOtherFields(entry, stands, fields));
    }
    for (const condition of met) this.stands[condition] = NOT_MET;
    for (const condition of open) this.stands[condition] = NOT_MET;
    return [loose, scoped];
  }

  entryStands(entry) {
    const { first, count } = this.list.entries[entry];
    let worst = MET;
    for (let i = first; i < first + count; i++) worst = Math.min(worst, this.stands[i]);
    return worst;
  }

  // For each field that the entries name the best of its conditions.
  bestByField(firstEntry, endEntry, choice) {
    const best = new Map();
    for (let entry = firstEntry; entry < endEntry; entry++) {
      if (!choice.entryOn[entry]) continue;
      const { first, count } = this.list.entries[entry];
      for (let i = first; i < first + count; i++) {
        const { field } = this.list.conditions[i];
        best.set(field, Math.max(best.get(field) ?? NOT_MET, this.stands[i]));
      }
    }
    return best;
  }

  // An entry together with the best condition on each field that it does not name itself.
  withOtherFields(entry, stands, fields) {
    if (stands === NOT_MET) return NOT_MET;
    const { first, count } = this.list.entries[entry];
    const own = this.list.conditions.slice(first, first + count).map((condition) => condition.field);
    let worst = stands;
    for (const [field, best] of fields) {
      if (!own.includes(field)) worst = Math.min(worst, best);
    }
    return worst;
  }

  // The totals of a choice, `rows` being the rows of each set that are looked at.
  totals(weighed, rows = this.all) {
    const totals = { read: 0, kept: 0, suppressed: 0, undecidable: 0, loose: 0 };
    for (let set = 0; set < rows.length; set++) {
      totals.read += rows[set];
      if (weighed.fate[set] === SUPPRESSED) {
        totals.suppressed += rows[set];
        if (this.isOnlyLoose(weighed, set)) totals.loose += rows[set];
      } else {
        totals.kept += rows[set];
        if (weighed.fate[set] === UNDECIDABLE) totals.undecidable += rows[set];
      }
    }
    return totals;
  }

  // Whether nothing that covers a set would do so by the scoped reading.
  isOnlyLoose(weighed, set) {
    if (weighed.fate[set] !== SUPPRESSED) return false;
    for (const pattern of this.sets.get(set)) {
      if (weighed.choice.on[this.patternExclusion[pattern]] && weighed.scoped[pattern] === MET) return false;
    }
    return true;
  }

  // For each exclusion: the rows that it matches, on or off; those that it hides now; those that it alone hides; those
  // that it would hide if it were on as well; those that meet every field it names; those that it alone hides and only
  // by the loose reading.
  each(weighed, rows = this.all) {
    const each = this.list.exclusions.map(() => ({ matches: 0, hides: 0, alone: 0, adds: 0, scoped: 0, aloneLoose: 0 }));
    for (let set = 0; set < rows.length; set++) {
      if (rows[set] === 0) continue;
      for (const pattern of this.sets.get(set)) {
        const place = this.patternExclusion[pattern];
        const one = each[place];
        const isScoped = weighed.scoped[pattern] === MET;
        if (isScoped) one.scoped += rows[set];
        if (weighed.reading(pattern) !== MET) continue;
        one.matches += rows[set];
        if (weighed.choice.on[place]) {
          one.hides += rows[set];
          if (weighed.covering[set] === 1) {
            one.alone += rows[set];
            if (!isScoped) one.aloneLoose += rows[set];
          }
        } else if (weighed.covering[set] === 0) {
          one.adds += rows[set];
        }
      }
    }
    return each;
  }

  // The exclusions that are on and cover a set.
  coveringOf(weighed, set) {
    const patterns = [...this.sets.get(set)];
    const covers = (pattern) => weighed.choice.on[this.patternExclusion[pattern]] && weighed.reading(pattern) === MET;
    return patterns.filter(covers).map((pattern) => this.patternExclusion[pattern]);
  }

  // The exclusions together with which rows are hidden, and by how many: the combinations with most rows first.
  overlaps(weighed, rows = this.all) {
    const found = new Map();
    for (let set = 0; set < rows.length; set++) {
      if (weighed.covering[set] < 2 || rows[set] === 0) continue;
      const members = this.coveringOf(weighed, set);
      const key = members.join(',');
      const known = found.get(key) ?? { members, rows: 0 };
      known.rows += rows[set];
      found.set(key, known);
    }
    return [...found.values()].sort((a, b) => b.rows - a.rows || a.members.length - b.members.length);
  }

  // Kept, suppressed and only loosely suppressed rows in each span of the chart; what has no time comes last.
  overTime(weighed, bins) {
    const out = ['kept', 'suppressed', 'loose'].map(() => new Float64Array(bins + 1));
    const [set, bin, count] = this.timed;
    const loose = new Int8Array(this.sets.length).fill(-1);
    for (let i = 0; i < set.length; i++) {
      const of = set[i];
      if (weighed.fate[of] !== SUPPRESSED) {
        out[0][bin[i]] += count[i];
        continue;
      }
      if (loose[of] < 0) loose[of] = this.isOnlyLoose(weighed, of) ? 1 : 0;
      out[loose[of] ? 2 : 1][bin[i]] += count[i];
    }
    return { kept: out[0], suppressed: out[1], loose: out[2] };
  }

  // Kept and suppressed rows of each group of process and network.
  byGroup(weighed, groups) {
    const kept = new Float64Array(groups);
    const suppressed = new Float64Array(groups);
    const [set, group, count] = this.grouped;
    for (let i = 0; i < set.length; i++) {
      (weighed.fate[set[i]] === SUPPRESSED ? suppressed : kept)[group[i]] += count[i];
    }
    return { kept, suppressed };
  }
}

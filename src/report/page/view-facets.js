// The most frequent values of columns among the rows that are shown, each to be taken in or out; and the same for one
// column as a table.
import { counted, grouped, percent, shown } from './text.js';
import { SUPPRESSED } from './counts.js';
import { button, byId, el, replace, svg, sync, value } from './dom.js';

const MOST_VALUES = 6;
const MOST_GROUPS = 300;
const SPARK = 24;

export function showFacets(page) {
  const { rows, filteredRows, weighed } = page;
  const all = Math.max(1, filteredRows.length);
  sync(byId('facets'), page.facetColumns.map((column) => {
    const isOpen = page.openFacets.has(column);
    const facet = isOpen ? rows.facet(column, filteredRows, weighed) : null;
    const most = page.moreValues.has(column) ? 40 : MOST_VALUES;
    const top = isOpen ? rows.top(facet, most) : [];
    return [JSON.stringify([column, isOpen, facet?.distinct, all, top]), () => details(page, column, facet, top)];
  }));
}

function details(page, column, facet, top) {
  const hasMore = facet !== null && facet.distinct > MOST_VALUES && !page.moreValues.has(column);
  return el('details', { open: facet !== null, ontoggle: (event) => page.toggleFacet(column, event.target.open) },
    el('summary', { 'data-key': `facet-${column}`, title: page.columns[column].name }, value(page.columns[column].name), facet === null ? null : el('span', { class: 'muted' }, ` ${grouped(facet.distinct)}`)),
    facet === null ? null : el('ul', {}, top.map((one) => line(page, column, one))),
    hasMore ? button('more', () => page.update(() => page.moreValues.add(column)), { class: 'quiet', 'data-key': `more-${column}` }) : null);
}

function line(page, column, { code, rows, kept, suppressed }) {
  const text = page.columns[column].text(code);
  const all = Math.max(1, page.filteredRows.length);
  const label = shown(text, 120);
  return el('li', {},
    el('span', { class: 'value', title: label }, value(label, { class: text === null || text === '' ? 'muted' : null })),
    el('span', { class: 'number' }, grouped(rows)),
    pick(page, column, text, label),
    el('span', { class: 'track', title: `${grouped(kept)} kept, ${grouped(suppressed)} suppressed, ${percent(rows, all)} of what is shown` },
      el('i', { class: 'kept', style: { width: `${(100 * kept) / all}%` } }), el('i', { class: 'suppressed', style: { width: `${(100 * suppressed) / all}%` } })));
}

// Buttons that take a value in or out.
export function pick(page, column, text, label) {
  const one = (not, sign, word) => button(sign, () => page.where(column, text, not),
    { class: 'pick', 'aria-label': `${word} ${page.columns[column].name} ${label}`, title: `${word} this value`, 'data-key': `pick-${column}-${not}-${label}` });
  return el('span', { class: 'picks' }, one(false, '+', 'Only'), one(true, '−', 'Without'));
}

// Rows by the values of a column, or by process and network; most first.
export function showGroups(page, host) {
  const { groupBy } = page.state;
  const { groups, distinct, exact } = groupBy < 0 ? ofGroups(page) : ofColumn(page, groupBy);
  const name = groupBy < 0 ? 'process and network' : page.columns[groupBy].name;
  const most = Math.max(1, groups[0]?.rows ?? 1);
  replace(host, el('div', { class: 'groups', tabindex: 0, role: 'region', 'aria-label': `Groups by ${name}` },
    el('table', { class: 'list' },
      el('caption', {}, `${counted(distinct, 'group')} by ${name}${distinct > groups.length ? `; the ${groups.length} with most rows` : ''}${exact ? '' : page.data.held < page.data.rows ? ', of the sample' : ''}`),
      el('thead', {}, el('tr', {}, [[name, ''], ['rows', 'number'], ['kept', 'number'], ['suppressed', 'number'], ['share', 'wide'], ['over time', ''], ['tune', '']].map(([head, kind]) => el('th', { scope: 'col', class: kind }, head)))),
      el('tbody', {}, groups.map((group) => el('tr', {},
        el('th', { scope: 'row' }, button(value(group.label), group.choose, { class: 'plain', 'data-key': `group-${group.key}`, title: 'Show these rows' })),
        [group.rows, group.kept, group.suppressed].map((number) => el('td', { class: 'number' }, grouped(number))),
        el('td', { class: 'wide' }, el('span', { class: 'share', style: { width: `${Math.max(1, (100 * group.rows) / most)}%` } },
          el('i', { class: 'kept', style: { flex: `${group.kept} 0 0px` } }), el('i', { class: 'suppressed', style: { flex: `${group.suppressed} 0 0px` } }))),
        el('td', {}, group.spark()),
        el('td', {}, group.kept > 0 ? button('Exclude…', () => page.excludeGroup(group), { class: 'quiet', 'data-key': `exclude-${group.key}` }) : null)))))));
}

function ofColumn(page, column) {
  const facet = page.rows.facet(column, page.filteredRows, page.weighed);
  const { codes } = page.columns[column];
  const groups = page.rows.top(facet, MOST_GROUPS).map(({ code, rows, kept, suppressed }) => ({
    key: `${column}-${code}`,
    label: shown(page.columns[column].text(code), 200),
    rows, kept, suppressed,
    has: (row) => codes[row] === code,
    choose: () => page.set({ where: [...page.state.where, { column, text: page.columns[column].text(code), not: false }], groupBy: null }),
  }));
  return { groups: withSparks(page, groups), distinct: facet.distinct, exact: false };
}

// Counted by quell for all rows as long as nothing but exclusions is chosen; else of the rows that are shown.
function ofGroups(page) {
  const count = page.groupProcess.length;
  const exact = page.isUnfiltered();
  let { kept, suppressed } = exact ? page.counts.byGroup(page.weighed, count) : { kept: new Float64Array(count), suppressed: new Float64Array(count) };
  if (!exact) {
    for (const row of page.filteredRows) (page.weighed.fate[page.rows.set[row]] === SUPPRESSED ? suppressed : kept)[page.rows.group[row]] += 1;
  } else if (page.state.view === 'kept') {
    suppressed = new Float64Array(count);
  } else if (page.state.view === 'suppressed') {
    kept = new Float64Array(count);
  }
  const order = Array.from({ length: count }, (_, group) => group).filter((group) => kept[group] + suppressed[group] > 0);
  const rows = (group) => kept[group] + suppressed[group];
  order.sort((a, b) => rows(b) - rows(a) || a - b);
  const groups = order.slice(0, MOST_GROUPS).map((group) => ({
    key: `g${group}`,
    label: `${shown(page.groupProcess.get(group), 120)} → ${page.groupDestination.get(group)}`,
    rows: rows(group), kept: kept[group], suppressed: suppressed[group],
    has: (row) => page.rows.group[row] === group,
    choose: () => page.set({ group, groupBy: null }),
  }));
  return { groups: withSparks(page, groups), distinct: order.length, exact };
}

// A small drawing of each group over time, drawn from the rows that are shown.
function withSparks(page, groups) {
  const { bins } = page.data.time;
  for (const [place, group] of groups.entries()) {
    group.spark = () => (bins < 2 || place >= 60 ? null : spark(page, group.has, bins));
  }
  return groups;
}

function spark(page, has, bins) {
  const counts = new Uint32Array(SPARK);
  for (const row of page.filteredRows) {
    if (has(row) && page.rows.bin[row] < bins) counts[Math.floor((page.rows.bin[row] * SPARK) / bins)] += 1;
  }
  const most = Math.max(1, ...counts);
  return svg('svg', { class: 'spark', width: SPARK * 4, height: 16, 'aria-hidden': 'true' }, [...counts].map((rows, at) =>
    rows === 0 ? null : svg('rect', { x: at * 4, y: 16 - Math.max(1, (16 * rows) / most), width: 3, height: Math.max(1, (16 * rows) / most) })).filter(Boolean));
}

// The head of the page: what was read, what is left, what is switched otherwise.
import { counted, grouped, percent, utc, visible } from './text.js';
import { changesText } from './write.js';
import { button, byId, el, replace, value } from './dom.js';

export function showHead(page) {
  const { data, totals, state } = page;
  const { report } = data;
  const changes = changesText(page.list, state.choice);
  const files = report.results.map((file) => visible(file.file));
  replace(
    byId('head'),
    el('div', { class: 'title' },
      el('h1', {}, 'Hunt results after exclusions'),
      el('p', { class: 'about' },
        value(files.length > 2 ? `${files[0]} and ${files.length - 1} more files` : files.join(', '), { title: files.slice(0, 50).join('\n') }),
        ` · schema ${report.results[0]?.schema ?? data.schema.name}`,
        report.rule ? [' · rule ', value(visible(report.rule.name ?? report.rule.id ?? ''))] : null,
        report.first ? ` · ${report.first.replace('T', ' ').replace('Z', '')} to ${report.last.replace('T', ' ').replace('Z', '')} UTC` : null,
        ` · as of ${report.today}`)),
    el('div', { class: 'sum' }, figures(page), bar(totals)),
    changes.length === 0 && page.drafts.every((draft) => !draft.on) ? null : changed(page, changes),
  );
}

function figures(page) {
  const { totals, state, base } = page;
  const isSpan = state.span !== null;
  const figure = (number, word, key, title, of) =>
    el('div', { class: `figure ${key}`, title }, el('b', { 'data-figure': key }, number === null ? '–' : grouped(number)), el('span', {}, ` ${word}`),
      of === null ? null : el('small', {}, of));
  const delta = totals.kept - base.kept;
  return el('div', { class: 'figures' },
    figure(totals.kept, 'kept', 'kept', 'Rows that no exclusion covers: what is left to look at',
      `${percent(totals.kept, totals.read)}${delta === 0 ? '' : `, ${delta > 0 ? '+' : '−'}${grouped(Math.abs(delta))}`}`),
    figure(totals.suppressed, 'suppressed', 'suppressed', 'Rows that an exclusion covers', percent(totals.suppressed, totals.read)),
    figure(totals.loose, 'only by the loose reading', 'loose',
      'Suppressed rows that meet one entry of an exclusion and not every field that it names: look here first for an intruder', null),
    figure(totals.undecidable, 'undecidable', 'undecidable', page.data.knowsUndecidable
      ? 'Kept rows for which some exclusion hung on a field that is absent, empty or unreadable'
      : 'The list is too long for the page to know which rows hang on which exclusion: this is known for the list as it was applied', null),
    figure(totals.read, isSpan ? 'in the span' : 'read', 'read', 'All rows, without those that were dropped as duplicates', null),
    page.data.report.totals.malformed > 0 ? figure(page.data.report.totals.malformed, 'unreadable', 'malformed', 'Rows that could not be read, and are kept', null) : null,
    page.data.report.totals.duplicates > 0 ? figure(page.data.report.totals.duplicates, 'duplicates dropped', 'duplicates', 'Rows that repeat an earlier one', null) : null);
}

function bar({ kept, suppressed, loose, read }) {
  const part = (key, rows) => el('i', { class: key, style: { flex: `${rows} 0 0px` } });
  return el('div', { class: 'totalbar', role: 'img', 'aria-label': `${percent(kept, read)} kept, ${percent(suppressed, read)} suppressed` },
    part('kept', kept), part('loose', loose), part('suppressed', suppressed - loose));
}

function changed(page, changes) {
  const drafts = page.drafts.filter((draft) => draft.on);
  const said = [...changes, ...drafts.map((draft) => `draft ${draft.id} is on`)];
  return el('div', { class: 'changed', role: 'note' },
    el('span', { class: 'whatif' }, 'What if'),
    el('span', {}, said.length > 4 ? `${said.slice(0, 4).join(' · ')} · and ${said.length - 4} more` : said.join(' · ')),
    page.came + page.went > 0 ? el('span', {}, `${counted(page.came, 'row')} came back, ${counted(page.went, 'row')} went`) : null,
    button('Show them', () => page.set({ view: 'changed' }), { 'data-key': 'show-changed' }),
    button('As applied', () => page.reset(), { 'data-key': 'reset' }));
}

// What somebody has to know before a figure is believed.
export function showNotices(page) {
  const { report, held, rows, columnsLeftOut } = page.data;
  const notices = report.warnings.map((warning) => ['warning', warning.message]);
  for (const note of report.notes) notices.push(['note', note]);
  if (held < rows) {
    notices.push(['sample', `The rows below are a sample of ${grouped(held)} out of ${grouped(rows)}, with every kind of row among them `
      + 'as far as there was room. Counts of exclusions, overlaps, the chart and groups are of all rows; values, searches and drafts are of the sample.']);
  }
  if (columnsLeftOut.length > 0) notices.push(['note', `Columns that are not shown: ${columnsLeftOut.map((name) => visible(name)).join(', ')}.`]);
  for (const left of report.exclusions.filter((one) => one.why)) notices.push(['note', `${left.id} was left out: ${left.why}.`]);
  if (report.malformed.length > 0) {
    const places = report.malformed.slice(0, 5).map((row) => `${visible(row.file)}:${row.line} ${row.why}`);
    notices.push(['note', `${counted(report.totals.malformed, 'row')} could not be read and ${report.totals.malformed === 1 ? 'is' : 'are'} kept: ${places.join('; ')}${report.totals.malformed > 5 ? ' …' : ''}`]);
  }
  replace(byId('notices'), notices.map(([kind, text]) => el('p', { class: `notice ${kind}` }, text)));
}

export function titleOf(page) {
  const file = page.data.report.results[0]?.file ?? '';
  return `${visible(file.split(/[\\/]/).pop())}: ${grouped(page.base.kept)} kept of ${grouped(page.base.read)} · quell`;
}

export function spanText(page, [from, to]) {
  const { start, width, bins } = page.data.time;
  if (from === bins) return 'no time';
  return `${utc(start + from * width, 16)} to ${utc(start + (Math.min(to, bins - 1) + 1) * width, 16)}`;
}

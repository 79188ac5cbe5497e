// The exclusions: a line for each with its switch, what it matches, hides and hides alone; opened, its entries.
import { counted, grouped, utc, visible } from './text.js';
import { button, byId, el, replace, sync, value } from './dom.js';

// Lines that are shown at once.
const MOST_LINES = 200;

export function showExclusions(page) {
  const { list, each, state } = page;
  const most = Math.max(1, ...each.map((one) => one.matches));
  const shown = page.allLines ? page.lineOrder : page.lineOrder.slice(0, MOST_LINES);
  const rest = page.lineOrder.length - shown.length;
  const anyOff = list.exclusions.some((one) => !state.choice.on[one.place]);
  const { bar, body, foot } = frame(page);
  replace(bar, heading(page, anyOff));
  const lines = shown.map((place) => [signature(page, place, most), () => line(page, place, most)]);
  const drafts = page.drafts.map((draft) => [`draft ${draft.id} ${draft.on} ${draft.covers} ${draft.hides} ${draft.chips.filter((chip) => chip.on).map((chip) => chip.field)}`, () => draftLine(page, draft)]);
  sync(body, [...lines, ...drafts]);
  replace(foot, rest > 0 ? button(`Show ${counted(rest, 'more exclusion')}`, () => page.update(() => { page.allLines = true; }), { 'data-key': 'all-lines' }) : null);
}

// What stays: the table with its head. Made once.
function frame(page) {
  if (page.exclusionFrame === undefined) {
    const [bar, body, foot] = [el('div', { class: 'bar' }), el('tbody'), el('div')];
    byId('exclusions').append(bar, el('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': 'Table of exclusions' }, el('table', { class: 'list' },
      el('colgroup', {}, ['on', 'id', 'wide', 'number', 'number', 'number', 'number', 'state'].map((kind) => el('col', { class: kind }))),
      el('thead', {}, el('tr', {}, HEADS.map(([name, title, kind]) => el('th', { scope: 'col', title, class: kind }, name)))),
      body, leftOut(page))), foot);
    page.exclusionFrame = { bar, body, foot };
  }
  return page.exclusionFrame;
}

function heading(page, anyOff) {
  return [
    el('h2', { id: 'exclusions-title' }, 'Exclusions'),
    el('span', { class: 'muted' }, `${page.list.exclusions.length} in force`),
    el('span', { class: 'legend' },
      el('span', {}, el('i', { class: 'swatch alone' }), 'it alone'),
      el('span', {}, el('i', { class: 'swatch shared' }), 'with others'),
      el('span', {}, el('i', { class: 'swatch loose' }), 'only by the loose reading')),
    button(anyOff ? 'All on' : 'All off', () => page.choose((choice) => choice.on.fill(anyOff ? 1 : 0)), { 'data-key': 'all' }),
  ];
}

// Everything that a line shows.
function signature(page, place, most) {
  const { list, each, state } = page;
  const { firstEntry, endEntry } = list.exclusions[place];
  const isOpen = page.openLines.has(place);
  return JSON.stringify([place, each[place], most, state.choice.on[place], state.choice.scoped[place], state.exclusion === place,
    isOpen, isOpen ? [...state.choice.entryOn.subarray(firstEntry, endEntry)] : 0]);
}

const HEADS = [
  ['on', 'Whether it is switched on', ''],
  ['exclusion', 'Its id; opened, its entries', ''],
  ['share', 'Rows that it alone hides, and rows that others hide too', 'wide'],
  ['matches', 'Rows that it covers, whether it is on or off', 'number'],
  ['hides now', 'Rows that it hides as things are switched', 'number'],
  ['alone', 'Rows that only it hides: they come back without it. For one that is off, in brackets, what it would hide', 'number'],
  ['loose', 'Rows that it covers although they do not meet every field that it names', 'number'],
  ['state', 'What is doubtful about it', ''],
];

function line(page, place, most) {
  const { list, each, state } = page;
  const exclusion = list.exclusions[place];
  const one = each[place];
  const isOn = state.choice.on[place] === 1;
  const isOpen = page.openLines.has(place);
  const isScoped = state.choice.scoped[place] === 1;
  const loose = isScoped ? 0 : one.matches - one.scoped;
  const row = el('tr', { 'data-exclusion': exclusion.id, class: `${isOn ? '' : 'off'}${state.exclusion === place ? ' chosen' : ''}` },
    el('td', {}, toggle(isOn, `${exclusion.id} on`, `on-${place}`, () => page.choose((choice) => { choice.on[place] ^= 1; }))),
    el('th', { scope: 'row' }, el('div', { class: 'named' },
      button(isOpen ? '▾' : '▸', () => page.open(place), { class: 'twist', 'aria-expanded': String(isOpen), 'aria-label': `Entries of ${exclusion.id}`, 'data-key': `open-${place}` }),
      button(value(exclusion.id), () => page.set({ exclusion: state.exclusion === place ? null : place, view: state.exclusion === place ? 'kept' : 'all' }),
        { class: 'plain', title: 'Show its rows', 'aria-pressed': String(state.exclusion === place), 'data-key': `by-${place}` }))),
    el('td', { class: 'wide' }, bar(one, loose, most, isOn)),
    number(one.matches),
    number(one.hides),
    el('td', { class: 'number' }, isOn ? grouped(one.alone) : el('span', { class: 'muted' }, `(+${grouped(one.adds)})`)),
    el('td', { class: `number${loose > 0 ? ' warn' : ''}` }, grouped(loose)),
    el('td', { class: 'state' }, marks(page, exclusion, one)));
  return isOpen ? [row, el('tr', { class: 'opened' }, el('td', { colspan: HEADS.length }, opened(page, exclusion)))] : [row];
}

function number(rows) {
  return el('td', { class: 'number' }, grouped(rows));
}

function toggle(isOn, label, key, change) {
  return el('input', { type: 'checkbox', role: 'switch', 'aria-label': label, 'data-key': key, checked: isOn, onchange: change });
}

// It alone, then what it shares; in each the part that only the loose reading gives is hatched.
function bar(one, loose, most, isOn) {
  const shared = one.matches - one.alone;
  const sharedLoose = Math.max(0, loose - one.aloneLoose);
  const part = (key, rows) => (rows > 0 ? el('i', { class: key, style: { flex: `${rows} 0 0px` } }) : null);
  const rows = [part('alone', one.alone - Math.min(loose, one.aloneLoose)), part('alone loose', Math.min(loose, one.aloneLoose)), part('shared loose', sharedLoose), part('shared', shared - sharedLoose)];
  return el('span', { class: `share${isOn ? '' : ' off'}`, style: { width: `${Math.max(one.matches > 0 ? 1.5 : 0, (100 * one.matches) / most)}%` } }, rows);
}

// Short words for what is doubtful, worst first.
function marks(page, exclusion, one) {
  const out = [];
  const mark = (kind, text, title) => out.push(el('span', { class: `mark ${kind}`, title }, text));
  const today = page.data.report.today;
  if (exclusion.grade) mark(`grade-${exclusion.grade.grade.toLowerCase()}`, exclusion.grade.grade, `Blind spot: ${exclusion.grade.way}`);
  if (one.matches === 0) mark('dead', 'dead', 'It matches no row');
  else if (page.state.choice.on[exclusion.place] && one.alone === 0) mark('redundant', 'redundant', 'Others hide every row that it hides');
  if (exclusion.expires) {
    const days = Math.round((Date.parse(exclusion.expires) - Date.parse(today)) / 86_400_000);
    if (days < 30) mark('expiry', days === 0 ? 'last day' : `${days} d left`, `It suppresses until ${exclusion.expires}`);
  }
  const lints = exclusion.lints.filter((lint) => !['dead', 'redundant', 'expires-soon'].includes(lint.code));
  if (lints.length > 0) mark('lint', counted(lints.length, 'finding'), lints.map((lint) => `${lint.code}: ${lint.message}`).join('\n'));
  return out;
}

function opened(page, exclusion) {
  const { place } = exclusion;
  const did = page.data.report.exclusions.find((one) => one.id === exclusion.id);
  const facts = [
    ['scenario', exclusion.scenario], ['owner', exclusion.owner ?? 'nobody'], ['reason', exclusion.reason], ['reference', exclusion.reference],
    ['expires', exclusion.expires ?? 'never'], ['rules', exclusion.rules.length > 0 ? exclusion.rules.join(', ') : 'every hunt'],
    ['blind spot', exclusion.grade ? `grade ${exclusion.grade.grade}: ${exclusion.grade.way}` : 'not looked for: --malicious'],
    ['stands in', `${exclusion.file}:${exclusion.line}`],
    ['as applied', did && did.matches > 0 ? `${counted(did.devices, 'device')}${did.first ? `, ${utc(Date.parse(did.first) / 1000, 16)} to ${utc(Date.parse(did.last) / 1000, 16)} UTC` : ''}` : null],
  ].filter(([, text]) => text);
  return el('div', { class: 'detail' },
    el('div', { class: 'entries' },
      page.list.hasReadings(place) ? readings(page, exclusion) : null,
      exclusion.entries.map((conditions, number) => entry(page, exclusion, conditions, number)),
      exclusion.otherEntries > 0 ? el('p', { class: 'muted' }, `${counted(exclusion.otherEntries, 'entry', 'entries')} for other schemas`) : null),
    el('dl', {}, facts.map(([name, text]) => [el('dt', {}, name), el('dd', {}, value(visible(text)))])),
    exclusion.lints.length > 0 ? el('ul', { class: 'lints' }, exclusion.lints.map((lint) =>
      el('li', {}, el('code', {}, lint.code), ` ${visible(lint.message)} `, el('span', { class: 'muted' }, visible(lint.help))))) : null);
}

function readings(page, exclusion) {
  const { place } = exclusion;
  const isScoped = page.state.choice.scoped[place] === 1;
  const choice = (label, scoped, title) => el('label', { title }, el('input', { type: 'radio', name: `reading-${place}`, checked: isScoped === scoped,
    'data-key': `reading-${place}-${scoped}`, onchange: () => page.choose((made) => { made.scoped[place] = scoped ? 1 : 0; }) }), ` ${label}`);
  return el('fieldset', { class: 'readings' }, el('legend', {}, 'Reading'),
    choice('loose: one entry is enough', false, 'What the list says'),
    choice('scoped: every field at once', true, 'What it would hide if all its fields had to be met'));
}

function entry(page, exclusion, conditions, number) {
  const at = exclusion.firstEntry + number;
  const isOn = page.state.choice.entryOn[at] === 1;
  return el('div', { class: `entry${isOn ? '' : ' off'}` },
    exclusion.entries.length > 1 ? toggle(isOn, `Entry ${number + 1} of ${exclusion.id} on`, `entry-${at}`, () => page.choose((choice) => { choice.entryOn[at] ^= 1; })) : null,
    el('div', {}, conditions.map(({ key, values }, place) => el('div', {}, place > 0 ? el('span', { class: 'muted' }, 'and ') : null, el('code', {}, key), ': ',
      values.slice(0, 12).map((text, each) => [each > 0 ? el('span', { class: 'muted' }, ' or ') : null, value(visible(text), { class: 'wanted' })]),
      values.length > 12 ? el('span', { class: 'muted' }, ` and ${grouped(values.length - 12)} more`) : null))));
}

function draftLine(page, draft) {
  return el('tr', { class: `draft${draft.on ? '' : ' off'}` },
    el('td', {}, toggle(draft.on, `Draft ${draft.id} on`, `draft-${draft.id}`, () => page.update(() => { draft.on = !draft.on; }))),
    el('th', { scope: 'row' }, el('span', { class: 'mark draft' }, 'draft'), ' ', button(value(draft.id), () => page.editDraft(draft), { class: 'plain', 'data-key': `edit-${draft.id}` })),
    el('td', { class: 'wide' }, draft.chips.filter((chip) => chip.on).map((chip) => chip.field).join(' and ')),
    number(draft.covers), number(draft.hides), el('td'), el('td'),
    el('td', {}, button('Remove', () => page.update(() => { page.drafts = page.drafts.filter((one) => one !== draft); }), { class: 'quiet', 'data-key': `remove-${draft.id}` })));
}

function leftOut(page) {
  const { leftOut: left } = page.list;
  if (left.length === 0) return null;
  const why = (id) => page.data.report.exclusions.find((one) => one.id === id)?.why ?? '';
  return el('tbody', { class: 'leftout' }, left.slice(0, MOST_LINES).map((one) => el('tr', { class: 'off' },
    el('td', {}), el('th', { scope: 'row' }, value(one.id)), el('td', { colspan: 6 }, `left out: ${visible(why(one.id))}`))));
}

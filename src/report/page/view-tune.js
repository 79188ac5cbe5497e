// "Exclude these": a draft as chips, with what else it would hide, and its YAML.
import { counted, grouped, visible } from './text.js';
import { covered, draftId, draftYaml, propose } from './draft.js';
import { judge } from './judge.js';
import { preview } from './view-side.js';
import { button, byId, copy, el, replace, value } from './dom.js';

export function newDraft(page, rows) {
  const chips = propose(page, rows);
  return { id: draftId(page.list, page.drafts, chips), reason: '', rows, chips, on: true, covers: 0, hides: 0, mask: null };
}

// Finds out again what a draft covers: rows that it covers, those among them that are kept now, and those that were not
// meant.
export function weighDraft(page, draft) {
  draft.mask = covered(page, draft.chips);
  const meant = new Set(draft.rows);
  Object.assign(draft, { covers: 0, hides: 0, others: 0, malicious: 0, missed: 0 });
  for (let row = 0; row < draft.mask.length; row++) {
    if (!draft.mask[row]) continue;
    draft.covers += 1;
    if (page.isSuppressed(row)) continue;
    draft.hides += 1;
    if (!meant.has(row)) draft.others += 1;
    if (page.labels.get(row) === 'malicious') draft.malicious += 1;
  }
  for (const row of draft.rows) if (!draft.mask[row]) draft.missed += 1;
}

export function showTune(page) {
  const draft = page.tuning;
  if (draft === null) return;
  const host = byId('row');
  host.hidden = false;
  const close = () => page.update(() => { page.tuning = null; });
  const text = draftYaml(page, draft, page.data.report.today);
  const isKnown = page.drafts.includes(draft);
  replace(host,
    el('div', { class: 'bar' }, el('h2', {}, 'Exclude these'), button('×', close, { 'aria-label': 'Close the draft', 'data-key': 'close-draft' })),
    el('label', { class: 'field' }, 'id ', el('input', { type: 'text', value: draft.id, pattern: '[a-z0-9]+(-[a-z0-9]+)*', spellcheck: 'false', 'data-key': 'draft-id', onchange: (event) => rename(page, draft, event.target) })),
    el('label', { class: 'field' }, 'reason ', el('input', { type: 'text', value: draft.reason, 'data-key': 'draft-reason', onchange: (event) => page.update(() => { draft.reason = event.target.value; }) })),
    el('p', { class: 'muted' }, 'Every field that is on has to be met. Take out what does not matter; take in what makes it narrower.'),
    effect(page, draft),
    el('ul', { class: 'tuple' }, draft.chips.map((chip) => chipLine(page, draft, chip))),
    el('pre', { tabindex: 0, role: 'region', 'aria-label': 'YAML of the draft' }, preview(text)),
    el('div', { class: 'tabs' },
      button('Copy YAML', () => copy(`exclusions:\n${text}`, 'YAML'), { class: 'main', 'data-key': 'copy-draft' }),
      isKnown ? null : button('Keep as draft', () => page.update(() => { page.drafts = [...page.drafts, draft]; page.tuning = null; page.selected.clear(); }), { 'data-key': 'keep-draft' })));
}

function rename(page, draft, field) {
  const isFree = !page.list.places.has(field.value) && page.drafts.every((other) => other === draft || other.id !== field.value);
  field.setCustomValidity(isFree ? '' : 'another exclusion has this id');
  if (field.reportValidity() && field.value !== '') page.update(() => { draft.id = field.value; });
}

// With the chip switched, how many kept rows the tuple would hide.
function hidesWith(page, draft, chip) {
  const chips = draft.chips.map((one) => (one === chip ? { ...one, on: !one.on } : one));
  if (!chips.some((one) => one.on)) return null;
  const mask = covered(page, chips);
  let rows = 0;
  for (let row = 0; row < mask.length; row++) rows += mask[row] && !page.isSuppressed(row) ? 1 : 0;
  return rows;
}

function chipLine(page, draft, chip) {
  const other = hidesWith(page, draft, chip);
  const change = () => page.update(() => { chip.on = !chip.on; });
  const edit = (event) => {
    const values = event.target.value.split(/\s*\n\s*/).filter((text) => text !== '');
    const isRight = judge(chip.kind, values) !== null;
    event.target.setCustomValidity(isRight ? '' : `not ${chip.kind === 'address' ? 'an address, network or range' : chip.kind === 'number' ? 'a number or range' : 'a value'}`);
    if (event.target.reportValidity() && isRight) page.update(() => { chip.values = values; });
  };
  const lines = chip.values.join('\n');
  return el('li', { class: chip.on ? 'on' : '' },
    el('label', {}, el('input', { type: 'checkbox', checked: chip.on, 'data-key': `chip-${chip.field}`, onchange: change }), ' ', el('code', {}, chip.field)),
    other === null ? null : el('span', { class: 'muted', title: 'Kept rows that it hides then' }, `${chip.on ? 'without' : 'with'} it ${grouped(other)}`),
    chip.on ? el('textarea', { rows: Math.min(4, chip.values.length), spellcheck: 'false', 'aria-label': `Values of ${chip.field}, one a line`, 'data-key': `values-${chip.field}`, onchange: edit }, lines)
      : value(visible(chip.values.slice(0, 3).join(', ')), { class: 'muted' }));
}

function effect(page, draft) {
  const { covers, hides, others, malicious, missed } = draft;
  const isSample = page.data.held < page.data.rows;
  return el('div', { class: 'effect' },
    el('p', {}, el('b', {}, grouped(hides)), ` kept ${hides === 1 ? 'row' : 'rows'} would go${isSample ? ', of the sample' : ''}: `,
      `${grouped(hides - others)} of the ${grouped(draft.rows.length)} that you chose, `, el('b', { class: others > 0 ? 'warn' : '' }, `${grouped(others)} besides`), '.'),
    malicious > 0 ? el('p', { class: 'bad' }, `${counted(malicious, 'row')} that you marked malicious would go with them.`) : null,
    missed > 0 ? el('p', { class: 'warn' }, `${counted(missed, 'row')} that you chose ${missed === 1 ? 'is' : 'are'} not covered.`) : null,
    covers > hides ? el('p', { class: 'muted' }, `It also covers ${counted(covers - hides, 'row')} that other exclusions hide already.`) : null,
    hides > 0 ? button('Show them', () => page.update(() => {
      if (!page.drafts.includes(draft)) page.drafts = [...page.drafts, draft];
      draft.on = true;
      page.state.view = 'draft';
    }), { class: 'quiet', 'data-key': 'show-draft' }) : null);
}

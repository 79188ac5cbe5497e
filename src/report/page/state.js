// What somebody has chosen, as the part of the address behind `#`, so that a view can be sent.
import { Choice } from './counts.js';

export const VIEWS = ['kept', 'suppressed', 'all', 'loose', 'undecidable', 'changed', 'draft'];

// A state in which nothing is chosen.
export function freshState(list) {
  return {
    choice: new Choice(list),
    view: 'kept',
    exclusion: null,
    span: null,
    where: [],
    search: '',
    group: null,
    groupBy: null,
    sort: null,
    columns: null,
    row: null,
  };
}

const enc = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);

// The state as text. Exclusions are named by id, so that the text outlives a change of the list's order.
export function toHash(state, list, columns) {
  const parts = [];
  const put = (key, values) => values.length > 0 && parts.push(`${key}=${values.join(',')}`);
  const { on, entryOn, scoped } = state.choice;
  put('off', list.exclusions.filter((one) => !on[one.place]).map((one) => enc(one.id)));
  const offEntries = list.entries.filter((_, place) => !entryOn[place]);
  put('without', offEntries.map((entry) => `${enc(list.exclusions[entry.exclusion].id)}:${entry.number + 1}`));
  put('scoped', list.exclusions.filter((one) => scoped[one.place]).map((one) => enc(one.id)));
  put('show', state.view === 'kept' ? [] : [state.view]);
  put('by', state.exclusion === null ? [] : [enc(list.exclusions[state.exclusion].id)]);
  put('span', state.span === null ? [] : [state.span.join('-')]);
  put('where', state.where.map(({ column, text, not }) => whereText(columns[column].name, text, not)));
  put('search', state.search === '' ? [] : [enc(state.search)]);
  put('group', state.group === null ? [] : [String(state.group)]);
  put('groupby', state.groupBy === null ? [] : [state.groupBy < 0 ? '-' : enc(columns[state.groupBy].name)]);
  put('sort', state.sort === null ? [] : [sortText(state.sort, columns)]);
  put('columns', state.columns === null ? [] : state.columns.map((column) => enc(columns[column].name)));
  put('row', state.row === null ? [] : [String(state.row + 1)]);
  return parts.join('&');
}

// A cell that is absent has no text, which a `-` behind the name says.
function whereText(name, text, not) {
  return `${not ? '!' : ''}${enc(name)}${text === null ? ':-' : `:=${enc(text)}`}`;
}

function sortText({ column, down }, columns) {
  return `${down ? '-' : ''}${column < 0 ? '' : enc(columns[column].name)}`;
}

// The state of a text; what cannot be understood is left out, as an old view of another page may name what is not here.
export function fromHash(hash, list, columns, limits) {
  const state = freshState(list);
  const places = new Map(columns.map((column, place) => [column.name, place]).reverse());
  for (const part of hash.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    const key = part.slice(0, Math.max(0, at));
    if (!Object.hasOwn(READERS, key)) continue;
    const read = READERS[key];
    for (const value of part.slice(at + 1).split(',')) read(state, value, { list, places, limits });
  }
  return state;
}

function dec(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

const READERS = {
  off: (state, value, { list }) => withPlace(list, value, (place) => (state.choice.on[place] = 0)),
  scoped: (state, value, { list }) => withPlace(list, value, (place) => (state.choice.scoped[place] = 1)),
  by: (state, value, { list }) => withPlace(list, value, (place) => (state.exclusion = place)),
  without: (state, value, { list }) => {
    const [id, number] = [value.slice(0, value.lastIndexOf(':')), Number(value.slice(value.lastIndexOf(':') + 1))];
    withPlace(list, id, (place) => {
      const { firstEntry, endEntry } = list.exclusions[place];
      const entry = firstEntry + number - 1;
      if (entry >= firstEntry && entry < endEntry) state.choice.entryOn[entry] = 0;
    });
  },
  show: (state, value) => {
    if (VIEWS.includes(value)) state.view = value;
  },
  span: (state, value, { limits }) => {
    const [from, to] = value.split('-').map(Number);
    if (Number.isInteger(from) && Number.isInteger(to) && from <= to && to <= limits.bins) state.span = [from, to];
  },
  where: (state, value, { places }) => {
    const not = value.startsWith('!');
    const [name, text] = value.slice(not ? 1 : 0).split(':');
    const column = places.get(dec(name));
    if (column === undefined || text === undefined) return;
    state.where.push({ column, text: text === '-' ? null : dec(text.slice(1)), not });
  },
  search: (state, value) => {
    state.search = dec(value);
  },
  group: (state, value, { limits }) => {
    if (Number(value) < limits.groups) state.group = Number(value);
  },
  groupby: (state, value, { places }) => {
    state.groupBy = value === '-' ? -1 : places.get(dec(value)) ?? null;
  },
  sort: (state, value, { places }) => {
    const down = value.startsWith('-');
    const name = dec(down ? value.slice(1) : value);
    const column = name === '' ? -1 : places.get(name);
    if (column !== undefined) state.sort = { column, down };
  },
  columns: (state, value, { places }) => {
    const column = places.get(dec(value));
    if (column !== undefined) state.columns = [...(state.columns ?? []), column];
  },
  row: (state, value, { limits }) => {
    const row = Number(value) - 1;
    if (row >= 0 && row < limits.rows) state.row = row;
  },
};

function withPlace(list, id, take) {
  const place = list.places.get(dec(id));
  if (place !== undefined) take(place);
}

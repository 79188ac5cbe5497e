// Text from rows and lists, made fit to be shown and to be written.

// Characters that move the cursor, turn the text around, or cannot be seen: controls, soft hyphen, zero width, bidi
// marks, line separators, variation selectors, tags, private marks for annotations.
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]|\udb40[\udc00-\udfff]/g;

// A cell is shown up to so many characters; the whole of it stands in the details of the row.
const CELL_LENGTH = 400;

// What cannot be seen becomes an escape that can.
export function visible(text, escape = (code) => `\\u{${code.toString(16)}}`) {
  return text.replace(UNSEEN, (found) => escape(found.codePointAt(0)));
}

// The beginning of a text, made visible. It is cut first: a megabyte is never looked at for a line of it.
export function short(text, most = CELL_LENGTH) {
  if (text.length <= most) return visible(text);
  return `${visible(text.slice(0, most))}…`;
}

// A value for people; what is not there is named.
export function shown(text, most = CELL_LENGTH) {
  if (text === null || text === undefined) return '(absent)';
  return text === '' ? '(empty)' : short(text, most);
}

// A number with a comma at every thousand.
export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

// A number with its noun.
export function counted(number, one, many = `${one}s`) {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

// A share in per cent; what is not nothing never reads as 0, and what is not all never as 100.
export function percent(part, whole) {
  if (whole === 0) return '–';
  const share = (100 * part) / whole;
  if (part > 0 && share < 0.1) return '<0.1%';
  if (part < whole && share > 99.9) return '>99.9%';
  return `${share.toFixed(1)}%`;
}

// The letters of ASCII in lower case and no others, as quell compares text.
export function lower(text) {
  return text.replace(/[A-Z]+/g, (found) => found.toLowerCase());
}

// A time in seconds since 1970 as UTC: `2026-11-16 08:30:00`, as far as it is wanted.
export function utc(seconds, length = 19) {
  const time = new Date(seconds * 1000);
  if (Number.isNaN(time.getTime())) return String(seconds);
  return time.toISOString().replace('T', ' ').replace(/\.\d+Z$/, '').slice(0, length);
}

// The length of a span in words.
export function span(seconds) {
  for (const [unit, name] of [[604800, 'week'], [86400, 'day'], [3600, 'hour'], [60, 'minute']]) {
    if (seconds % unit === 0 && seconds >= unit) return counted(seconds / unit, name);
  }
  return counted(seconds, 'second');
}

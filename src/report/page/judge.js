// What the page judges by itself: whole values with `*` and `?`, lists of them, addresses, networks, ranges, numbers.
// It says of one cell and one value what quell's matcher says, and is held to that by tests over random rows; it knows
// no modifiers. A build of the matcher for the browser would replace this file and nothing else.
import { lower } from './text.js';

// A test for cells of a kind: `text`, `address` or `number`; `null` if a value cannot be read. A cell that is absent,
// empty or unreadable meets nothing.
export function judge(kind, values) {
  const made = values.map({ text: textTest, address: addressTest, number: numberTest }[kind]);
  if (made.length === 0 || made.includes(null)) return null;
  const read = { text: readText, address: readAddress, number: readNumber }[kind];
  return (cell) => {
    const seen = cell === null || cell === '' ? null : read(cell);
    return seen !== null && made.some((test) => test(seen));
  };
}

function readText(cell) {
  return lower(cell);
}

function textTest(value) {
  if (value === '') return null;
  const wanted = lower(value);
  if (!/[*?]/.test(wanted)) return (seen) => seen === wanted;
  return (seen) => isLike(wanted, seen);
}

// Whether a text is what a pattern says. `*` stands for any text, `?` for one ASCII character but NUL.
function isLike(pattern, text) {
  let p = 0;
  let t = 0;
  let star = -1;
  let from = 0;
  while (t < text.length) {
    const wanted = pattern[p];
    const code = text.charCodeAt(t);
    if (wanted === '*') {
      star = p++;
      from = t;
    } else if (wanted !== undefined && (wanted === '?' ? code > 0 && code < 128 : wanted === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

// An address as its family and number, mapped addresses as IPv4; `null` if it is none.
export function readAddress(text) {
  const four = readFour(text);
  if (four !== null) return { family: 4, number: BigInt(four) };
  const six = readSix(text);
  if (six === null) return null;
  return six >> 32n === 0xffffn ? { family: 4, number: six & 0xffffffffn } : { family: 6, number: six };
}

function readFour(text) {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9][0-9]{0,2})$/.test(octet) && octet <= 255)) return null;
  return octets.reduce((number, octet) => number * 256 + Number(octet), 0);
}

function readSix(text) {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [left, right] = halves.map((half, place) => readGroups(half, place === halves.length - 1));
  if (left === null || right === null) return null;
  const missing = 8 - left.length - (right ? right.length : 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = halves.length === 1 ? left : [...left, ...Array(missing).fill(0), ...right];
  return groups.reduce((number, group) => (number << 16n) | BigInt(group), 0n);
}

// The groups of one half; an IPv4 address may stand at the end of the last.
function readGroups(half, isLast) {
  if (half === '') return [];
  const groups = [];
  const parts = half.split(':');
  for (const [place, part] of parts.entries()) {
    const four = isLast && place === parts.length - 1 && part.includes('.') ? readFour(part) : null;
    if (four !== null) groups.push(four >>> 16, four & 0xffff);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(parseInt(part, 16));
    else return null;
  }
  return groups;
}

function addressTest(value) {
  const range = readRange(value);
  if (range === null) return null;
  const { family, first, last } = range;
  return (seen) => seen.family === family && first <= seen.number && seen.number <= last;
}

// An address, a network or a range `first-last`.
export function readRange(value) {
  const dash = value.indexOf('-');
  if (dash >= 0) {
    const [first, last] = [readAddress(value.slice(0, dash).trim()), readAddress(value.slice(dash + 1).trim())];
    if (!first || !last || first.family !== last.family || first.number > last.number) return null;
    return { family: first.family, first: first.number, last: last.number };
  }
  if (value.includes('/')) return readNetwork(value);
  const only = readAddress(value);
  return only && { family: only.family, first: only.number, last: only.number };
}

function readNetwork(value) {
  const [text, length] = [value.slice(0, value.indexOf('/')), value.slice(value.indexOf('/') + 1)];
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length)) return null;
  const four = readFour(text);
  const number = four === null ? readSix(text) : BigInt(four);
  const bits = four === null ? 128 : 32;
  if (number === null || length > bits) return null;
  const free = (1n << BigInt(bits - length)) - 1n;
  const [first, last] = [number & ~free, number | free];
  if (bits === 32) return { family: 4, first, last };
  if (number >> 32n !== 0xffffn) {
    // What begins in the mapped block is IPv4, from whichever side it came.
    const ends = [first, last].map((end) => end >> 32n === 0xffffn);
    return ends[0] || ends[1] ? null : { family: 6, first, last };
  }
  return length < 96 ? null : { family: 4, first: first & 0xffffffffn, last: last & 0xffffffffn };
}

const MOST_NUMBER = (1n << 64n) - 1n;

function readNumber(text) {
  if (!/^(0|[1-9][0-9]*)$/.test(text) || text.length > 20) return null;
  const number = BigInt(text);
  return number > MOST_NUMBER ? null : number;
}

function numberTest(value) {
  const dash = value.indexOf('-');
  const [first, last] = dash < 0 ? [value, value] : [value.slice(0, dash), value.slice(dash + 1)];
  const [from, to] = [readNumber(first.trim()), readNumber(last.trim())];
  if (from === null || to === null || from > to) return null;
  return (seen) => from <= seen && seen <= to;
}

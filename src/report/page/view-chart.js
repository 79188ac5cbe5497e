// Kept and suppressed rows over time: a drawing that is brushed to a span, by mouse or by keys, with its table behind it.
import { grouped, span, utc } from './text.js';
import { button, byId, el, replace, say, svg } from './dom.js';
import { spanText } from './view-head.js';

const HEIGHT = 96;
const FOOT = 18;
const LEFT = 44;

export function showChart(page) {
  const { time } = page.data;
  const over = page.counts.overTime(page.weighed, time.bins);
  const at = { ...over, bins: time.bins, hasUntimed: over.kept[time.bins] + over.suppressed[time.bins] + over.loose[time.bins] > 0 };
  const host = byId('chart');
  const selected = page.state.span;
  replace(host,
    el('div', { class: 'bar' },
      el('h2', { id: 'chart-title' }, 'Over time'),
      el('span', { class: 'muted' }, time.bins === 0 ? 'no row has a time that can be read' : `rows in each ${span(time.width).replace(/^1 /, '')}, UTC`),
      legend(),
      selected === null ? null : el('span', { class: 'chip' }, spanText(page, selected),
        button('×', () => page.set({ span: null }), { 'aria-label': 'Whole time', 'data-key': 'whole' }))),
    time.bins === 0 && !at.hasUntimed ? null : drawing(page, at, page.chartWidth),
    table(page, at));
}

function legend() {
  return el('span', { class: 'legend' }, ['kept', 'loose', 'suppressed'].map((key) =>
    el('span', {}, el('i', { class: `swatch ${key}` }), { kept: 'kept', loose: 'suppressed only by the loose reading', suppressed: 'suppressed' }[key])));
}

// Where the bins stand: those of time side by side, that of rows without a time apart from them.
function scale(at, width) {
  const gap = at.hasUntimed ? 56 : 0;
  const room = Math.max(100, width - LEFT - gap - 4);
  const step = at.bins === 0 ? room : room / at.bins;
  const most = Math.max(1, ...at.kept.map((kept, bin) => kept + at.suppressed[bin] + at.loose[bin]));
  return {
    step,
    most,
    x: (bin) => (bin < at.bins ? LEFT + bin * step : LEFT + room + 16),
    y: (rows) => (HEIGHT * rows) / most,
    binAt: (x) => (at.hasUntimed && x > LEFT + room + 10 ? at.bins : Math.max(0, Math.min(at.bins - 1, Math.floor((x - LEFT) / step)))),
    width,
    barWidth: (bin) => (bin < at.bins ? Math.max(1, step - (step > 3 ? 1 : 0)) : 28),
  };
}

function drawing(page, at, width) {
  const to = scale(at, width);
  const label = 'Rows over time. Arrow keys move the span, Shift and arrow keys widen it, Escape shows the whole time.';
  const picture = svg('svg', { class: 'time', viewBox: `0 0 ${width} ${HEIGHT + FOOT}`, width, height: HEIGHT + FOOT,
    tabindex: 0, role: 'group', 'aria-label': label, 'data-key': 'time' });
  picture.append(...axis(page, at, to), ...bars(at, to), brush(page.state.span, to, at), hatch());
  listen(page, picture, to, at);
  return picture;
}

// One path for each kind of rows: hundreds of bars are quicker drawn as one.
function bars(at, to) {
  const paths = { kept: '', loose: '', suppressed: '' };
  for (let bin = 0; bin <= at.bins; bin++) {
    let foot = HEIGHT;
    for (const key of Object.keys(paths)) {
      const rows = at[key][bin];
      if (!(rows > 0)) continue;
      // What is not nothing is always seen.
      const height = Math.max(1, to.y(rows));
      paths[key] += `M${to.x(bin).toFixed(1)} ${foot.toFixed(1)}v${(-height).toFixed(1)}h${to.barWidth(bin).toFixed(1)}v${height.toFixed(1)}z`;
      foot -= height;
    }
  }
  return Object.entries(paths).map(([key, path]) => svg('path', { class: key, d: path }));
}

function hatch() {
  return svg('defs', {}, svg('pattern', { id: 'hatch', width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    svg('rect', { width: 5, height: 5, class: 'hatch-ground' }), svg('rect', { width: 2, height: 5, class: 'hatch-line' })));
}

function axis(page, at, to) {
  const { start, width } = page.data.time;
  const out = [svg('line', { class: 'rule', x1: LEFT, x2: to.width, y1: HEIGHT + 0.5, y2: HEIGHT + 0.5 })];
  for (const rows of heights(to.most)) {
    const y = Math.round(HEIGHT - to.y(rows)) + 0.5;
    out.push(svg('line', { class: 'grid', x1: LEFT, x2: to.width, y1: y, y2: y }));
    out.push(svg('text', { class: 'tick', x: LEFT - 6, y: Math.max(9, y + 4), 'text-anchor': 'end' }, grouped(rows)));
  }
  for (const bin of ticks(start, width, at.bins, to.step)) {
    const x = to.x(bin);
    const seconds = start + bin * width;
    const isDay = seconds % 86400 === 0;
    out.push(svg('line', { class: 'rule', x1: x, x2: x, y1: HEIGHT, y2: HEIGHT + 4 }));
    out.push(svg('text', { class: 'tick', x: x + 3, y: HEIGHT + 14 }, isDay ? utc(seconds, 10) : utc(seconds, 16).slice(11)));
  }
  if (at.hasUntimed) out.push(svg('text', { class: 'tick', x: to.x(at.bins), y: HEIGHT + 14 }, 'no time'));
  return out;
}

// One to four round numbers up to the highest bar.
function heights(most) {
  const size = 10 ** Math.floor(Math.log10(most));
  const step = [0.5, 1, 2, 5].map((part) => part * size).find((each) => Number.isInteger(each) && most / each < 4.5) ?? 1;
  return Array.from({ length: Math.floor(most / step) }, (_, place) => (place + 1) * step);
}

// Bins that begin a day or a full hour, as many as there is room to name.
function ticks(start, width, bins, step) {
  for (const every of [60, 300, 900, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 2419200, 31449600, 314496000]) {
    if (every < width || (every / width) * step < 84) continue;
    const out = [];
    for (let bin = 0; bin < bins; bin++) {
      if ((start + bin * width) % every < width && (bins - bin) * step > 70) out.push(bin);
    }
    return out;
  }
  return bins > 0 ? [0] : [];
}

function brush(selected, to, at) {
  if (selected === null) return svg('g', { class: 'brush' });
  const [left, right] = [to.x(selected[0]), to.x(selected[1]) + to.barWidth(Math.min(selected[1], at.bins))];
  return svg('rect', { class: 'brush', x: left - 1, y: 0, width: Math.max(2, right - left + 2), height: HEIGHT });
}

function listen(page, picture, to, at) {
  const binOf = (event) => to.binAt(event.clientX - picture.getBoundingClientRect().left);
  let from = null;
  let last = null;
  picture.addEventListener('pointerdown', (event) => {
    from = binOf(event);
    last = from;
    picture.setPointerCapture(event.pointerId);
  });
  const tip = tooltip(page, picture, at, to);
  picture.addEventListener('pointermove', (event) => {
    tip(binOf(event));
    if (from === null) return;
    last = binOf(event);
    picture.querySelector('.brush').replaceWith(brush([Math.min(from, last), Math.max(from, last)], to, at));
  });
  picture.addEventListener('pointerleave', () => tip(null));
  picture.addEventListener('pointerup', () => {
    if (from === null) return;
    const chosen = [Math.min(from, last), Math.max(from, last)];
    const isSame = page.state.span !== null && page.state.span[0] === chosen[0] && page.state.span[1] === chosen[1];
    from = null;
    page.set({ span: isSame ? null : chosen });
  });
  picture.addEventListener('keydown', (event) => keys(page, at, event));
}

function keys(page, at, event) {
  const end = at.hasUntimed ? at.bins : at.bins - 1;
  const [from, to] = page.state.span ?? [0, -1];
  const moved = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  let next;
  if (event.key === 'Escape') next = null;
  else if (event.key === 'Home') next = [0, 0];
  else if (event.key === 'End') next = [end, end];
  else if (moved === undefined) return;
  else if (page.state.span === null) next = moved > 0 ? [0, 0] : [end, end];
  else if (event.shiftKey) next = [from, Math.max(from, Math.min(end, to + moved))];
  else next = [Math.max(0, Math.min(end, from + moved)), Math.max(0, Math.min(end, from + moved))];
  event.preventDefault();
  page.set({ span: next });
  if (next !== null) say(binText(page, at, next));
}

function binText(page, at, [from, to]) {
  const sum = (key) => at[key].slice(from, to + 1).reduce((a, b) => a + b, 0);
  return `${spanText(page, [from, to])}: ${grouped(sum('kept'))} kept, ${grouped(sum('suppressed') + sum('loose'))} suppressed, ${grouped(sum('loose'))} of them only by the loose reading`;
}

function tooltip(page, picture, at, to) {
  let tip = null;
  return (bin) => {
    tip?.remove();
    tip = null;
    if (bin === null) return;
    tip = el('div', { class: 'tip', 'aria-hidden': 'true', style: { left: `${Math.min(to.x(bin) + 8, to.width - 260)}px` } }, binText(page, at, [bin, bin]));
    picture.parentNode.append(tip);
  };
}

// The numbers of the drawing, for those who read and do not see.
function table(page, at) {
  const rows = () => {
    const out = [];
    for (let bin = 0; bin <= at.bins; bin++) {
      const [kept, suppressed, loose] = [at.kept[bin], at.suppressed[bin] + at.loose[bin], at.loose[bin]];
      if (kept + suppressed === 0) continue;
      out.push(el('tr', {}, el('th', { scope: 'row' }, bin === at.bins ? 'no time' : utc(page.data.time.start + bin * page.data.time.width, 16)),
        [kept, suppressed, loose].map((number) => el('td', {}, grouped(number)))));
    }
    return out;
  };
  const body = el('tbody');
  const details = el('details', { class: 'astable', ontoggle: () => details.open && body.childElementCount === 0 && body.append(...rows()) },
    el('summary', {}, 'As a table'),
    el('table', {}, el('thead', {}, el('tr', {}, ['begins', 'kept', 'suppressed', 'of them loose only'].map((name) => el('th', { scope: 'col' }, name)))), body));
  return details;
}

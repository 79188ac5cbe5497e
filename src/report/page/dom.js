// Makes elements. A text is only ever put in as text, so that nothing from a row becomes markup.

// An element with attributes and children. `on…` is a listener, `style` an object; false and null are left out.
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

// The same for a drawing.
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.entries(value).forEach(([key, each]) => element.style.setProperty(key, each));
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

// Puts new children in place of the old, and gives the focus back to the element of the same `data-key`.
export function replace(parent, ...children) {
  const held = parent.contains(document.activeElement) ? document.activeElement : null;
  const key = held?.closest('[data-key]')?.getAttribute('data-key');
  const caret = held?.selectionStart;
  parent.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (!key) return;
  const again = parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
  again?.focus({ preventScroll: true });
  if (typeof caret === 'number' && again?.setSelectionRange && again.type !== 'checkbox') again.setSelectionRange(caret, caret);
}

// Makes the children of an element those of some parts, each with a signature: whoever has the same signature as before
// stays where it is. Most of a page does not change when something is switched, and what stays costs nothing.
export function sync(parent, parts) {
  const before = parent.synced ?? new Map();
  const now = new Map(parts.map(([signature, make]) => [signature, before.get(signature) ?? [make()].flat()]));
  const held = parent.contains(document.activeElement) ? document.activeElement : null;
  const key = held?.closest('[data-key]')?.getAttribute('data-key');
  for (const [signature, nodes] of before) if (!now.has(signature)) nodes.forEach((node) => node.remove());
  let next = parent.firstChild;
  for (const node of [...now.values()].flat()) {
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
  }
  parent.synced = now;
  if (key && document.activeElement !== held) parent.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// Says something to somebody who does not see the page.
export function say(text) {
  byId('said').textContent = text;
}

// A value from a row, kept apart from the direction of what stands around it.
export function value(text, attributes = {}) {
  return el('bdi', attributes, text);
}

// Gives a text to the clipboard; without one, selects it in a field.
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = el('textarea', { readonly: true, class: 'offscreen', 'aria-label': what });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }
  say(`${what} copied`);
}

// Gives a text as a file.
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = el('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  say(`${name} saved`);
}

// A button.
export function button(label, onclick, attributes = {}) {
  return el('button', { type: 'button', onclick, ...attributes }, label);
}

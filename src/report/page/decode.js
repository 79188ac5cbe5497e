// Reads what `quell` packed: see src/report/html/blocks.rs for how it is laid out.

// The packed bytes of a text in base64 of gzip.
export async function unpack(base64) {
  const packed = Uint8Array.fromBase64
    ? Uint8Array.fromBase64(base64)
    : Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Response(packed).body.pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

// Everything that the page holds, by name. Texts are decoded when they are first asked for.
export class Store {
  constructor(places, buffer) {
    this.places = places;
    this.buffer = buffer;
    this.known = new Map();
  }

  once(name, make) {
    if (!this.known.has(name)) this.known.set(name, make());
    return this.known.get(name);
  }

  // A list of numbers.
  numbers(name) {
    return this.once(name, () => {
      const { at, n, width, delta } = this.places[name];
      const Type = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[width];
      const numbers = new Type(this.buffer, at, n);
      if (!delta) return numbers;
      const summed = new Uint32Array(n);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        sum = (sum + numbers[i]) >>> 0;
        summed[i] = sum;
      }
      return summed;
    });
  }

  // A list of lists of numbers.
  lists(name) {
    return this.once(`${name}/lists`, () => new Lists(this.numbers(`${name}.start`), this.numbers(name)));
  }

  // A list of texts.
  texts(name) {
    return this.once(`${name}/texts`, () => {
      const { at, n } = this.places[name];
      const all = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(this.buffer, at, n));
      return new Texts(all, this.numbers(`${name}.length`));
    });
  }
}

class Lists {
  constructor(starts, all) {
    this.starts = starts;
    this.all = all;
    this.length = starts.length - 1;
  }

  get(place) {
    return this.all.subarray(this.starts[place], this.starts[place + 1]);
  }
}

class Texts {
  constructor(all, lengths) {
    this.all = all;
    this.length = lengths.length;
    this.ends = new Uint32Array(lengths.length + 1);
    for (let i = 0; i < lengths.length; i++) this.ends[i + 1] = this.ends[i] + lengths[i];
  }

  get(place) {
    return this.all.slice(this.ends[place], this.ends[place + 1]);
  }
}

// The cells of a column: code 0 is a cell that is absent, any other the place of its text from 1.
export class Column {
  constructor(store, place, name, derived) {
    this.store = store;
    this.place = place;
    this.name = name;
    this.derived = derived;
  }

  get codes() {
    return this.store.numbers(`column.${this.place}`);
  }

  get texts() {
    return this.store.texts(`column.${this.place}.texts`);
  }

  // Different cells, the absent one among them.
  get size() {
    return this.store.places[`column.${this.place}.texts.length`].n + 1;
  }

  // The text of a code; `null` for a cell that is absent.
  text(code) {
    return code === 0 ? null : this.texts.get(code - 1);
  }

  cell(row) {
    return this.text(this.codes[row]);
  }
}

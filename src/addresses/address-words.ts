const none = 0;
const dot = 46;
const colon = 58;

/**
 * Reads addresses into numbers, in place: {@link words} holds the last one. Takes the spelling that `canonicalAddress`
 * gives, and any other of RFC 4291 §2.2 without a zone.
 */
export class AddressReader {
  /** Four 32-bit words of an IPv6 address; an IPv4 address is the first. */
  readonly words = new Uint32Array(4);
  readonly #groups = new Uint16Array(8);

  /** Reads a text into `words`. Returns the family of the address; 0: the text is none. */
  read(text: string): 0 | 4 | 6 {
    if (text.length > 45) return none;
    if (text.indexOf(':') === -1) {
      const value = dotted(text, 0);
      if (value === -1) return none;
      this.words[0] = value;
      return 4;
    }
    return this.#read6(text) ? 6 : none;
  }

  #read6(text: string): boolean {
    const groups = this.#groups;
    let count = 0;
    let gap = -1;
    let at = 0;
    if (text.charCodeAt(0) === colon) {
      if (text.charCodeAt(1) !== colon) return false;
      gap = 0;
      at = 2;
    }
    while (at < text.length) {
      if (count === 8) return false;
      const start = at;
      let value = 0;
      for (let digit = hexDigit(text.charCodeAt(at)); digit !== -1; digit = hexDigit(text.charCodeAt(++at))) {
        value = (value << 4) | digit;
      }
      if (text.charCodeAt(at) === dot) {
        const tail = count > 6 ? -1 : dotted(text, start);
        if (tail === -1) return false;
        groups[count++] = tail >>> 16;
        groups[count++] = tail & 0xffff;
        at = text.length;
        break;
      }
      if (at === start || at - start > 4) return false;
      groups[count++] = value;
      if (at === text.length) break;
      if (text.charCodeAt(at) !== colon || ++at === text.length) return false;
      if (text.charCodeAt(at) === colon) {
        if (gap !== -1) return false;
        gap = count;
        at++;
      }
    }
    if (gap === -1 ? count !== 8 : count > 7) return false;
    const missing = 8 - count;
    for (let word = 0; word < 4; word++) {
      this.words[word] = (group(groups, word * 2, gap, missing) << 16) | group(groups, word * 2 + 1, gap, missing);
    }
    return true;
  }
}

/** The group at a place of the whole address, where `::` stands for `missing` groups at `gap`. */
function group(groups: Uint16Array, place: number, gap: number, missing: number): number {
  if (gap === -1 || place < gap) return groups[place]!;
  return place < gap + missing ? 0 : groups[place - missing]!;
}

/** The number of an IPv4 address that ends the text: four decimal numbers up to 255 between dots, without leading zeros; -1: it is none. */
function dotted(text: string, start: number): number {
  let value = 0;
  let at = start;
  for (let part = 0; part < 4; part++) {
    const first = at;
    let number = 0;
    for (let code = text.charCodeAt(at); code >= 48 && code <= 57 && at - first < 3; code = text.charCodeAt(++at)) {
      number = number * 10 + code - 48;
    }
    const digits = at - first;
    if (digits === 0 || number > 255 || (digits > 1 && text.charCodeAt(first) === 48)) return -1;
    value = value * 256 + number;
    if (part < 3 ? text.charCodeAt(at++) !== dot : at !== text.length) return -1;
  }
  return value;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

import { isConnectionField } from '../../fields/connection-fields.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import { fieldValueOf } from '../../http/field-value.js';

/** Fields that say where a message ends: they are the gateway's. */
const framing: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer', 'expect']);

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The fields of a head, as a transformer may change them. Names are of any case. Those that it leaves alone keep order and spelling. */
export class TransformedFields {
  readonly #raw: RawHeaders;

  constructor(raw: RawHeaders) {
    this.#raw = raw;
  }

  /** Whether there is a field of that name. */
  has(name: string): boolean {
    return RawHeaders.has(this.#raw, name.toLowerCase());
  }

  /** The value of the first field of that name; undefined: there is none. */
  get(name: string): string | undefined {
    return RawHeaders.get(this.#raw, name.toLowerCase());
  }

  /** The values of all fields of that name, in their order. */
  all(name: string): string[] {
    const lower = name.toLowerCase();
    return RawHeaders.pairs(this.#raw).flatMap(([each, value]) => (each.toLowerCase() === lower ? [value] : []));
  }

  /**
   * Puts one field in the place of all of that name. A text with characters beyond Latin-1 goes out as UTF-8. Throws a TypeError for what no field can hold, and for fields that
   * frame the message (`Content-Length`, `Transfer-Encoding`, `Trailer`, `Expect`) or belong to the connection.
   */
  set(name: string, value: string): void {
    const written = checked(name, value);
    RawHeaders.set(this.#raw, name, written);
  }

  /** Adds a field to those of that name. Throws as `set`. */
  append(name: string, value: string): void {
    this.#raw.push(name, checked(name, value));
  }

  /** Takes all fields of that name out. Throws a TypeError for those that frame the message. */
  delete(name: string): void {
    checkName(name);
    RawHeaders.remove(this.#raw, name.toLowerCase());
  }

  /** Each field as name and value, in their order. */
  entries(): [name: string, value: string][] {
    return RawHeaders.pairs(this.#raw);
  }
}

function checkName(name: string): void {
  if (!token.test(name)) throw new TypeError(`no field can be named ${JSON.stringify(name)}`);
  if (framing.has(name.toLowerCase()) || isConnectionField(name))
    throw new TypeError(`${name} is the gateway's: it frames the message, or belongs to the connection`);
}

function checked(name: string, value: string): string {
  checkName(name);
  if (/[\0\r\n]/.test(value)) throw new TypeError(`the field ${name} cannot hold a line break`);
  return fieldValueOf(value);
}

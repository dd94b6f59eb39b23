import { isVisible, SPACE } from './characters.js';
import { type Fault, faults } from './fault.js';
import { endOfToken } from './field-line.js';
import { MessageReader, type ReadingRules } from './message-reader.js';

const knownVersion = /^HTTP\/1\.[01]$/;
const otherVersion = /^HTTP\/(?:0\.9|2\.0)$/;

/** Reads requests (RFC 9112 §3). */
export class RequestReader extends MessageReader {
  /** Any token. */
  method = '';
  target = '';

  constructor(rules: ReadingRules) {
    super(rules, true);
  }

  protected override readStartLine(text: string, at: number, end: number): Fault | undefined {
    let from = endOfToken(text, at, end);
    if (from === at || text.charCodeAt(from) !== SPACE) return from === end ? faults.startLine : faults.method;
    this.method = text.slice(at, from);
    // Several spaces cannot be read in two ways (RFC 9112 §3 lets a recipient take them for one).
    while (text.charCodeAt(from) === SPACE) from++;
    let to = from;
    while (to < end && isVisible[text.charCodeAt(to)] === 1) to++;
    if (to === end) return faults.startLine;
    if (text.charCodeAt(to) !== SPACE) return faults.target;
    this.target = text.slice(from, to);
    while (text.charCodeAt(to) === SPACE) to++;
    return this.#readVersion(text.slice(to, end));
  }

  protected override frame(): Fault | undefined {
    const { codings } = this;
    if (codings === undefined) {
      this.framing = this.length > 0 ? 'length' : 'none';
      return undefined;
    }
    if (this.length !== -1) return faults.bothFramings;
    const known = faultOfCodings(codings);
    if (known !== undefined) return known;
    // HTTP/1.0 has no transfer codings (RFC 9112 §6.1).
    this.framing = this.minor === 1 && codings.toLowerCase() === 'chunked' ? 'chunked' : 'unknown';
    return undefined;
  }

  #readVersion(version: string): Fault | undefined {
    if (version === 'HTTP/1.1' || knownVersion.test(version)) {
      this.minor = version === 'HTTP/1.1' ? 1 : 0;
      return undefined;
    }
    // The preface of HTTP/2 is no request.
    return otherVersion.test(version) && this.method !== 'PRI' ? faults.version : faults.startLine;
  }
}

/** What is wrong with the transfer codings of a request, whether or not they are known (RFC 9112 §6.3, item 4). */
function faultOfCodings(codings: string): Fault | undefined {
  const names = codings.toLowerCase().split(',');
  const last = names[names.length - 1]!.trim();
  if (last === '') return faults.emptyCoding;
  const at = names.findIndex(name => name.trim() === 'chunked');
  if (at === -1 || at === names.length - 1) return undefined;
  return last === 'chunked' ? faults.chunkedTwice : faults.notLast;
}

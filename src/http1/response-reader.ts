import { SPACE } from './characters.js';
import { type Fault, faults } from './fault.js';
import { MessageReader, type ReadingRules } from './message-reader.js';

const startOfLine = 'HTTP/1.';

/** Reads responses (RFC 9112 §4). */
export class ResponseReader extends MessageReader {
  status = 0;
  /** The reason phrase, one character for each byte; empty where there is none. */
  reason = '';
  /** The response to the request that was sent last answers HEAD: it has no body, also where its fields announce one (RFC 9110 §9.3.2). */
  isBodiless = false;

  constructor(rules: ReadingRules) {
    super(rules, false);
  }

  /** An interim response (RFC 9110 §15.2), which another one follows. 101 ends HTTP on its connection, so none does. */
  get isInterim(): boolean {
    return this.status < 200 && this.status !== 101;
  }

  protected override get endsMessage(): boolean {
    return !this.isInterim;
  }

  protected override readStartLine(text: string, at: number, end: number): Fault | undefined {
    const minor = text.charCodeAt(at + startOfLine.length) - 48;
    if (!text.startsWith(startOfLine, at) || (minor !== 0 && minor !== 1)) {
      return /^HTTP\/\d\.\d /.test(text.slice(at, end)) ? faults.version : faults.statusLine;
    }
    const from = at + startOfLine.length + 1;
    if (text.charCodeAt(from) !== SPACE) return faults.statusLine;
    const to = from + 4;
    const hundreds = text.charCodeAt(from + 1) - 48;
    const tens = text.charCodeAt(from + 2) - 48;
    const ones = text.charCodeAt(from + 3) - 48;
    if (to > end || hundreds < 1 || hundreds > 9 || !isDigit(tens) || !isDigit(ones)) return faults.status;
    if (to < end && text.charCodeAt(to) !== SPACE) return faults.status;
    this.minor = minor;
    this.status = 100 * hundreds + 10 * tens + ones;
    this.reason = text.slice(Math.min(to + 1, end), end);
    return undefined;
  }

  protected override frame(): Fault | undefined {
    const { codings, length, status } = this;
    if (codings !== undefined && length !== -1) return faults.bothFramings;
    const isChunked = codings?.toLowerCase() === 'chunked';
    if (codings !== undefined && !isChunked) return faultOfCodings(codings);
    if (this.isBodiless || status < 200 || status === 204 || status === 304) this.framing = 'none';
    else if (isChunked) this.framing = 'chunked';
    else if (length === -1) this.framing = 'until-close';
    else this.framing = length === 0 ? 'none' : 'length';
    return undefined;
  }
}

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}

/** Why a response is refused that has other codings than chunked: their names would be lost, and the body stay in them (RFC 9112 §6.1). */
function faultOfCodings(codings: string): Fault {
  const isTwice =
    codings
      .toLowerCase()
      .split(',')
      .filter(name => name.trim() === 'chunked').length > 1;
  return isTwice ? faults.chunkedTwice : faults.notChunked;
}

/** What kind of trouble a message is. */
export type FaultKind =
  /** It is not HTTP/1.1, or cannot be told from another message with certainty. */
  | 'malformed'
  /** It is of another version of HTTP. */
  | 'version'
  /** The first line is longer than a head may be. */
  | 'target-too-long'
  /** The head or the trailers are larger than they may be. */
  | 'too-large'
  /** The connection ended within it. */
  | 'truncated';

/** Why a message cannot be read further. Nothing that follows on its connection may be read as a message. */
export class Fault {
  constructor(
    readonly kind: FaultKind,
    /** In words, without bytes of the message. */
    readonly message: string,
  ) {}
}

const malformed = (message: string): Fault => new Fault('malformed', message);

/** The faults of messages. RFC 9112 where no other source is named. */
export const faults = {
  // §2.2
  bareLineFeed: malformed('a line ends in LF alone'),
  bareCarriageReturn: malformed('CR without LF'),
  control: malformed('a control character'),
  // §3
  startLine: malformed('the first line is no request line'),
  statusLine: malformed('the first line is no status line'),
  method: malformed('the method is no token'),
  target: malformed('a character that no request target can have'),
  version: new Fault('version', 'a version of HTTP other than 1.0 and 1.1'),
  status: malformed('a status that is not of three digits'),
  // §5
  name: malformed('a field name that is no token'),
  noColon: malformed('a field line without a colon'),
  spaceBeforeColon: malformed('white space before the colon of a field'),
  folded: malformed('a folded field line'),
  // §6.1, §6.3
  bothFramings: malformed('both Transfer-Encoding and Content-Length'),
  chunkedTwice: malformed('Transfer-Encoding says chunked twice'),
  notLast: malformed('a Transfer-Encoding whose last coding is not chunked'),
  notChunked: malformed('a Transfer-Encoding that is not chunked'),
  emptyCoding: malformed('an empty Transfer-Encoding'),
  tabbedCoding: malformed('a tab in Transfer-Encoding'),
  repeatedLength: malformed('Content-Length stands twice'),
  length: malformed('a Content-Length that is no number of bytes'),
  // §7
  chunkSize: malformed('a chunk size that is no hexadecimal number'),
  hugeChunk: malformed('a chunk size beyond what can be counted'),
  chunkExtension: malformed('a chunk extension that is malformed'),
  longExtension: malformed('chunk extensions beyond 16 KiB'),
  chunkEnd: malformed('chunk data that do not end where they should'),
  framedTrailer: malformed('a trailer field that frames the message'),
  // Limits.
  targetTooLong: new Fault('target-too-long', 'the first line is too long'),
  headTooLarge: new Fault('too-large', 'the header fields are too large'),
  trailersTooLarge: new Fault('too-large', 'the trailer fields are too large'),
  truncated: new Fault('truncated', 'the connection ended within the message'),
} as const;

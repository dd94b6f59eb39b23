import type { RawHeaders } from '../../src/fields/raw-headers.js';
import type { Fault } from '../../src/http1/fault.js';
import type { MessageReader, ReadingRules } from '../../src/http1/message-reader.js';
import { RequestReader } from '../../src/http1/request-reader.js';
import { ResponseReader } from '../../src/http1/response-reader.js';

/** A message as it was read. One character stands for each byte. */
export interface ReadMessage {
  /** The parts of its first line and its minor version: `GET /a 1`, `200 OK 1`. */
  readonly start: string;
  readonly fields: RawHeaders;
  body: string;
  /** undefined while it is not whole. */
  trailers: RawHeaders | undefined;
}

/** What a reader made of a connection. */
export interface Transcript {
  readonly messages: ReadMessage[];
  readonly fault: Fault | undefined;
  /** The reader has stopped without a fault: behind a head whose body is in codings that it does not know, or where the options say so. */
  readonly isStopped: boolean;
  /** Bytes that were not read because of that. */
  readonly rest: string;
}

/** What may differ from one reading to the next. */
export interface ReadingOptions extends Partial<ReadingRules> {
  /** The connection ends behind the last piece. Default: true. */
  readonly ends?: boolean;
  /** The responses answer HEAD. Default: false. */
  readonly isBodiless?: boolean;
  /** Reads nothing behind a message that ends its connection. Default: false. */
  readonly closes?: boolean;
  /** Reads no more messages than this, interim responses not counted. Default: any number. */
  readonly most?: number;
}

/** A head of {@link ReadingOptions} may have so many bytes unless it says otherwise. */
export const defaultMaxHead = 1024;

/** Reads `pieces` as the requests of one connection. */
export function readRequests(pieces: readonly string[], options: ReadingOptions = {}): Transcript {
  const reader = new RequestReader({ maxHead: defaultMaxHead, ...options });
  return readAll(reader, () => `${reader.method} ${reader.target} ${reader.minor}`, pieces, options);
}

/** Reads `pieces` as the responses of one connection. */
export function readResponses(pieces: readonly string[], options: ReadingOptions = {}): Transcript {
  const reader = new ResponseReader({ maxHead: defaultMaxHead, ...options });
  reader.isBodiless = options.isBodiless === true;
  return readAll(reader, () => `${reader.status} ${reader.reason} ${reader.minor}`, pieces, options);
}

/** Cuts a text into single characters. */
export const byteByByte = (text: string): string[] => text.split('');

function readAll(
  reader: MessageReader,
  startOf: () => string,
  pieces: readonly string[],
  { ends = true, closes = false, most = Infinity }: ReadingOptions,
): Transcript {
  const messages: ReadMessage[] = [];
  let isClosed = false;
  let whole = 0;
  reader.serve({
    headRead: () => messages.push({ start: startOf(), fields: reader.fields, body: '', trailers: undefined }),
    bodyRead: piece => (messages.at(-1)!.body += piece.toString('latin1')),
    messageRead: trailers => {
      messages.at(-1)!.trailers = trailers;
      whole++;
      if (whole < most && (!closes || reader.isPersistent)) return;
      isClosed = true;
      reader.stop();
    },
  });
  const hasStopped = (): boolean => isClosed || (reader.framing === 'unknown' && reader.fault === undefined);
  // The reader moves data within the pieces that it is given: these are parts of a copy.
  const bytes = Buffer.from(pieces.join(''), 'latin1');
  let [at, end] = [0, 0];
  for (const { length } of pieces) {
    const chunk = bytes.subarray(end, end + length);
    const from = end;
    end += length;
    for (let before = -1; at < end && at !== before && reader.fault === undefined;) {
      before = at;
      at = from + reader.read(chunk, at - from);
    }
    if (at < end && reader.fault === undefined && !hasStopped())
      throw new Error(`not read on: ${JSON.stringify(pieces)}`);
    if (at < end) break;
  }
  if (ends) reader.end();
  const isStopped = hasStopped();
  return { messages, fault: reader.fault, isStopped, rest: isStopped ? bytes.toString('latin1', at) : '' };
}

import { METHODS } from 'node:http';
import { describe, expect, it } from 'vitest';
import { fuzz, fuzzTimeout } from '../../test/support/fuzz.js';
import { cut, Dice, mutated, requestBytes, responseBytes } from '../../test/support/http1-messages.js';
import { type ReadMessage, readRequests, readResponses } from '../../test/support/http1-transcript.js';
import { type Disagreement, disagreement } from '../../test/support/http1-verdicts.js';
import { nodeRequests, nodeResponses } from '../../test/support/node-parser.js';

/** A way in which Node's parser and ours disagree, and why that may be. */
interface Row {
  /** The one that refuses. */
  readonly stricter: 'node' | 'ours';
  /** The fault or the error for which it refuses. */
  readonly by: string;
  readonly reason: string;
  /** Bytes that show it. */
  readonly bytes: string;
  /** Where Node is the stricter one: the messages for which that may be. */
  readonly when?: (message: ReadMessage, before: ReadMessage | undefined) => boolean;
}

const part = ({ start }: ReadMessage, at: number): string => start.split(' ')[at]!;
const chunked = 'Transfer-Encoding: chunked\r\n\r\n';

/** Of requests and responses alike; `line`: the first line of the examples, without its end. */
const rowsOfBoth = (line: string): Row[] => [
  {
    stricter: 'ours',
    by: 'headTooLarge',
    reason: 'Node does not count colons, white space and line ends',
    bytes: `${line}\r\n${'A: b\r\n'.repeat(180)}\r\n`,
  },
  {
    stricter: 'ours',
    by: 'trailersTooLarge',
    reason: 'Node does not count them in trailers either',
    bytes: `${line}\r\n${chunked}0\r\n${'A: b\r\n'.repeat(180)}\r\n`,
  },
  {
    stricter: 'ours',
    by: 'tabbedCoding',
    reason: 'Node takes a tab before the coding for white space',
    bytes: `${line}\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n`,
  },
  {
    stricter: 'ours',
    by: 'chunkExtension',
    reason: 'Node takes names and values that are empty, and quotes within a token',
    bytes: `${line}\r\n${chunked}2;=b\r\nab\r\n0;a=\r\n\r\n`,
  },
  {
    stricter: 'ours',
    by: 'longExtension',
    reason: 'Node does not count the size of the chunk',
    bytes: `${line}\r\n${chunked}${'0'.repeat(17_000)}\r\n\r\n`,
  },
];

const requestRows: readonly Row[] = [
  {
    stricter: 'node',
    by: 'HPE_INVALID_METHOD',
    reason: 'our reader takes any token for a method: which ones are known is for its caller to say',
    bytes: 'FOO /a HTTP/1.1\r\n\r\n',
    when: message => !METHODS.includes(part(message, 0)),
  },
  {
    stricter: 'node',
    by: 'HPE_INVALID_URL',
    reason: 'our reader takes any visible characters for a target: its form is for its caller to judge',
    bytes: 'GET a HTTP/1.1\r\n\r\n',
    when: message => !part(message, 1).startsWith('/'),
  },
  {
    stricter: 'node',
    by: 'HPE_CLOSED_CONNECTION',
    reason: 'Node obeys Connection in a trailer, where it has no effect (RFC 9110 §6.5.1)',
    bytes: `POST /a HTTP/1.1\r\n${chunked}0\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\n\r\n`,
    when: (_message, before) => before?.trailers?.some(name => /^connection$/i.test(name)) === true,
  },
  {
    stricter: 'ours',
    by: 'targetTooLong',
    reason: 'Node counts nothing of the first line but the target',
    bytes: `GET /${'a'.repeat(990)} HTTP/1.1\r\n\r\n`,
  },
  {
    stricter: 'ours',
    by: 'startLine',
    reason: 'Node reads HTTP/0.9 with fields, ICE/1.0 and RTSP/1.0',
    bytes: 'SOURCE /a ICE/1.0\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'version',
    reason: 'Node reads HTTP/0.9 and HTTP/2.0 as it does HTTP/1.1',
    bytes: 'GET /a HTTP/2.0\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'bareLineFeed',
    reason: 'Node takes LF alone behind the line of an HTTP/0.9 request',
    bytes: 'GET /a\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'uncoded',
    reason: 'Node reads chunks in HTTP/1.0, and chunks whose data are in another coding',
    bytes: `POST /a HTTP/1.0\r\n${chunked}0\r\n\r\n`,
  },
  {
    stricter: 'ours',
    by: 'closed',
    reason: 'in HTTP/1.0 Node obeys keep-alive where Connection says close as well',
    bytes: 'GET /a HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\nGET /b HTTP/1.1\r\n\r\n',
  },
  ...rowsOfBoth('POST /a HTTP/1.1'),
];

const responseRows: readonly Row[] = [
  {
    stricter: 'node',
    by: 'HPE_CLOSED_CONNECTION',
    reason: 'Node reads nothing behind an interim response that says close, or of HTTP/1.0',
    bytes: 'HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
    when: message => part(message, 0).startsWith('1'),
  },
  {
    stricter: 'ours',
    by: 'targetTooLong',
    reason: 'Node counts nothing of the first line but the reason',
    bytes: `HTTP/1.1 200 ${'a'.repeat(990)}\r\n\r\n`,
  },
  {
    stricter: 'ours',
    by: 'statusLine',
    reason: 'Node passes over empty lines before a status line, and reads ICE/1.0 and RTSP/1.0',
    bytes: '\r\nHTTP/1.1 200 OK\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'version',
    reason: 'Node reads HTTP/0.9 and HTTP/2.0 as it does HTTP/1.1',
    bytes: 'HTTP/2.0 200 OK\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'status',
    reason: 'Node takes statuses below 100',
    bytes: 'HTTP/1.1 099 OK\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'bareLineFeed',
    reason: 'Node passes over LF before a status line',
    bytes: '\nHTTP/1.1 200 OK\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'bareCarriageReturn',
    reason: 'Node passes over CR before a status line',
    bytes: '\rHTTP/1.1 200 OK\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'control',
    reason: 'Node takes control characters for a part of the reason',
    bytes: 'HTTP/1.1 200 O\x01K\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'notChunked',
    reason: 'Node takes any coding, and hands the body on in it',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'chunkedTwice',
    reason: 'Node takes chunks within chunks for chunks',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
  },
  {
    stricter: 'ours',
    by: 'framedTrailer',
    reason: 'Node takes Transfer-Encoding for a trailer',
    bytes: `HTTP/1.1 200 OK\r\n${chunked}0\r\nTransfer-Encoding: gzip\r\n\r\n`,
  },
  ...rowsOfBoth('HTTP/1.1 200 OK'),
];

const maxHead = 1000;

type Judge = (pieces: readonly string[], limit: number, dice: Dice) => Promise<Disagreement | undefined>;

const judgeRequests: Judge = async (pieces, limit) =>
  disagreement(readRequests(pieces, { closes: true, maxHead: limit }), await nodeRequests(pieces, limit));

const judgeResponses: Judge = async (pieces, limit, dice) => {
  const isBodiless = dice.below(4) === 0;
  return disagreement(
    readResponses(pieces, { isBodiless, most: 1, maxHead: limit }),
    await nodeResponses(pieces, limit, isBodiless),
  );
};

const isExplained = ({ before, by, message, stricter }: Disagreement, rows: readonly Row[]): boolean =>
  rows.some(row => {
    if (row.stricter !== stricter || row.by !== by) return false;
    return row.when === undefined || (message !== undefined && row.when(message, before));
  });

describe.each([
  ['requests', requestBytes, judgeRequests, requestRows],
  ['responses', responseBytes, judgeResponses, responseRows],
] as const)("Node's parser and ours, of %s", (_what, messages, judge, rows) => {
  it('agree about all bytes, or disagree in a way that is listed', { timeout: fuzzTimeout }, async () => {
    await fuzz(messages, 1 / 16, async (message, seed) => {
      const dice = new Dice(seed);
      const bytes = mutated(message, dice);
      const pieces = dice.below(2) === 0 ? [bytes] : cut(bytes, dice);
      const found = await judge(pieces, dice.below(8) === 0 ? 100 : maxHead, dice);
      if (found !== undefined && !isExplained(found, rows)) expect.fail(JSON.stringify({ ...found, bytes, pieces }));
    });
  });

  it('agree about well-formed messages, apart from these ways', { timeout: fuzzTimeout }, async () => {
    await fuzz(messages, 1 / 100, async (message, seed) => {
      const dice = new Dice(seed);
      const found = await judge(cut(message, dice), 10_000, dice);
      if (found !== undefined && !isExplained(found, rows)) expect.fail(JSON.stringify({ ...found, message }));
    });
  });

  it.each(rows)('$stricter is the stricter by $by: $reason', async ({ bytes, by, stricter }) => {
    expect(await judge([bytes], maxHead, new Dice(1))).toMatchObject({ by, stricter });
  });
});

import fc from 'fast-check';

/**
 * Messages of HTTP/1.1 as a grammar makes them, and what becomes of one whose bytes are changed. One character stands for each byte.
 */

const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
const text = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/);
const blank = often(' ', '', '  ', '\t', ' \t ');

const method = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'M-SEARCH', 'SOURCE'),
  },
  { weight: 1, arbitrary: token },
);
const target = fc.oneof(
  fc.constantFrom('/', '/a?b=c', '*', 'http://shop.example/a', 'shop.example:443', '/a#b', '/%0d%0a'),
  fc.stringMatching(/^\/[\x21-\x7e]{0,20}$/),
);
const version = often('HTTP/1.1', 'HTTP/1.0');

const plainField = fc.tuple(token, blank, text).map(([name, space, value]) => `${name}:${space}${value}\r\n`);
const knownField = fc.constantFrom(
  'Host: shop.example\r\n', 'Connection: keep-alive\r\n', 'Connection: close\r\n', 'Connection: x, Close\r\n', 'Connection: Upgrade\r\n',
  'Expect: 100-continue\r\n', 'Expect: x\r\n', 'TE: trailers\r\n', 'Trailer: X\r\n', 'Content-Type: text/plain\r\n', 'X: \r\n',
); // prettier-ignore
const fields = fc.array(fc.oneof(plainField, knownField), { maxLength: 4 }).map(all => all.join(''));

const data = fc.oneof(fc.stringMatching(/^[a-f0-9\r\n]{0,12}$/), fc.stringMatching(/^[\x00-\xff]{0,20}$/));
const extension = often('', ';a', ';a=b', ';a="b;c"', ';a=b;c="\\""');
const chunk = fc.tuple(data, extension, fc.boolean()).map(([piece, words, upper]) => {
  if (piece === '') return '';
  const size = piece.length.toString(16);
  return `${upper ? size.toUpperCase() : size}${words}\r\n${piece}\r\n`;
});
const chunks = fc.tuple(fc.array(chunk, { maxLength: 3 }), extension, often('', 'X: y\r\n', 'X:\r\nY: z\r\n'));

/** The fields that frame a body, and the body. */
const framed = fc.oneof(
  data.map(body => [`Content-Length: ${body.length}\r\n`, body] as const),
  chunks.map(([pieces, words, trailers]) => {
    return ['Transfer-Encoding: chunked\r\n', `${pieces.join('')}0${words}\r\n${trailers}\r\n`] as const;
  }),
);
const unframed = fc.constant(['', ''] as const);

const request = fc
  .tuple(
    often('', '\r\n', '\n', '\r'),
    method,
    often(' ', '  '),
    target,
    version,
    fields,
    fc.oneof(unframed, framed),
    fields,
  )
  .map(([ends, verb, space, path, protocol, first, [framing, body], rest]) => {
    return `${ends}${verb}${space}${path} ${protocol}\r\n${first}${framing}${rest}\r\n${body}`;
  });

const statusLine = fc
  .tuple(
    version,
    fc.oneof(fc.constantFrom(200, 204, 304, 404, 206), fc.integer({ min: 200, max: 599 })),
    often(' OK', '', ' ', ' Not Found'),
  )
  .map(parts => `${parts[0]} ${parts[1]}${parts[2]}\r\n`);
const interim = fc.tuple(fc.constantFrom('100 Continue', '103 Early Hints', '102 X'), fields).map(([status, lines]) => {
  return `HTTP/1.1 ${status}\r\n${lines}\r\n`;
});
const response = fc
  .tuple(often('', 'x', 'xx'), interim, statusLine, fields, fc.oneof(unframed, framed), fields)
  .map(([times, before, line, first, [framing, body], rest]) => {
    return `${before.repeat(times.length)}${line}${first}${framing}${rest}\r\n${body}`;
  });

/** The bytes of one to three requests, well-formed. */
export const requestBytes: fc.Arbitrary<string> = fc
  .array(request, { minLength: 1, maxLength: 3 })
  .map(all => all.join(''));

/** The bytes of one or two responses, with what comes before them; well-formed. */
export const responseBytes: fc.Arbitrary<string> = fc
  .array(response, { minLength: 1, maxLength: 2 })
  .map(all => all.join(''));

/** What is put into messages. */
const oddities = [
  '\r', '\n', '\r\n', '\r\n\r\n', '\r\r\n', '\n\r', ' ', '\t', '  ', ':', ';', ',', '=', '"', '\\', '\0', '\x0b', '\x7f', '\x80', '\xa0', '\xff', '0', '5', 'a',
  'g', '-', '+', '0x', '0\r\n\r\n', '1\r\nx\r\n', ';a=b', ';a="', ' HTTP/1.1', ' HTTP/1.0', ' HTTP/2.0', 'GET / HTTP/1.1\r\n\r\n', 'Content-Length: 5\r\n',
  'Content-Length: 0\r\n', 'content-length:5,5\r\n', 'Content-Length: \r\n', 'Content-Length : 3\r\n', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: gzip\r\n',
  'Transfer-Encoding:\tchunked\r\n', 'Transfer-Encoding: gzip, chunked\r\n', 'Transfer-Encoding: chunked, identity\r\n', 'transfer-encoding:\r\n', ' folded\r\n',
  'Connection: close\r\n', 'X: y\r\n', 'X\r\n', ': y\r\n', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', 'ffffffffffffffff\r\n', '10000000000000000\r\n',
]; // prettier-ignore

/** Numbers from 0 up, the same for each seed (mulberry32). */
export class Dice {
  constructor(private seed: number) {}

  below(bound: number): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }
}

/** Changes a message in one to three places, each time in the same way for the same seed. */
export function mutated(message: string, dice: Dice): string {
  let bytes = message;
  for (let left = 1 + dice.below(3); left > 0; left--) bytes = mutatedOnce(bytes, dice);
  return bytes;
}

function mutatedOnce(bytes: string, dice: Dice): string {
  const at = dice.below(bytes.length + 1);
  const to = at + dice.below(4) + 1;
  const [before, behind] = [bytes.slice(0, at), bytes.slice(at)];
  switch (dice.below(11)) {
    case 0:
      return before + String.fromCharCode(dice.below(256)) + behind;
    case 1:
      return before + String.fromCharCode(dice.below(256)) + behind.slice(1);
    case 2:
      return before + bytes.slice(to);
    case 3:
      return before + oddities[dice.below(oddities.length)]! + behind;
    case 4:
      return before + bytes.slice(at, to) + behind;
    case 5:
      return dice.below(4) === 0 ? before : bytes;
    case 6:
      return withLines(bytes, dice, (lines, line) => lines.splice(line, 0, lines[dice.below(lines.length)]!));
    case 7:
      return withLines(bytes, dice, (lines, line) => lines.splice(line, 1));
    case 8:
      return withLines(bytes, dice, (lines, line) =>
        lines.splice(line, 0, oddities[dice.below(oddities.length)]!.replace(/\r\n$/, '')),
      );
    case 9:
      return withLines(bytes, dice, (lines, line) => (lines[line] += oddities[dice.below(oddities.length)]!));
    default:
      return withLines(
        bytes,
        dice,
        (lines, line) => (lines[line] = oddities[dice.below(oddities.length)]! + lines[line]!),
      );
  }
}

/** Changes the lines of a message at one of them; at times one line ends in something else than CRLF. */
function withLines(bytes: string, dice: Dice, change: (lines: string[], line: number) => unknown): string {
  const lines = bytes.split('\r\n');
  change(lines, dice.below(lines.length));
  if (dice.below(8) > 0 || lines.length < 2) return lines.join('\r\n');
  const line = 1 + dice.below(lines.length - 1);
  const end = ['\n', '\r', '\r\r\n', '\n\r\n', ''][dice.below(5)]!;
  return lines.slice(0, line).join('\r\n') + end + lines.slice(line).join('\r\n');
}

/** Cuts bytes into pieces, of one byte each for one seed in sixteen. */
export function cut(bytes: string, dice: Dice): string[] {
  const pieces: string[] = [];
  const most = dice.below(16) === 0 ? 1 : 1 + dice.below(Math.max(1, bytes.length));
  for (let at = 0; at < bytes.length;) {
    const to = at + 1 + dice.below(most);
    pieces.push(bytes.slice(at, to));
    at = to;
  }
  return pieces;
}

import { describe, expect, it } from 'vitest';
import { corpus, type Variant } from '../../test/attack/smuggling-corpus.js';
import { byteByByte, readRequests, type Transcript } from '../../test/support/http1-transcript.js';

/** What a reader makes of a message. `uncoded`: its body is in codings that the reader does not know, and nothing behind its head is read. */
type Verdict = 'malformed' | 'read' | 'uncoded' | 'version' | 'waits';

/** By what a gateway does with it. The statuses that stand for a verdict of `read` answer well-formed requests, for what these say. */
const verdicts: Readonly<Record<Variant['end'], Verdict>> = {
  open: 'read',
  close: 'read',
  waits: 'waits',
  400: 'malformed',
  405: 'read',
  413: 'waits',
  417: 'read',
  501: 'uncoded',
  505: 'version',
};

const formOfTarget = 'the reader takes any visible characters for a target';
const noCodings = 'HTTP/1.0 has no transfer codings: nothing behind the head is read';

/** Where a reader judges otherwise than a gateway, and why. */
const exceptions: Readonly<Record<string, readonly [verdict: Verdict, reason: string]>> = {
  'a fragment': ['read', formOfTarget],
  'a target without a slash': ['read', formOfTarget],
  'a question mark alone': ['read', formOfTarget],
  'an asterisk': ['read', formOfTarget],
  'chunked in HTTP/1.0': ['uncoded', noCodings],
  'chunked and keep-alive in HTTP/1.0': ['uncoded', noCodings],
  'an unknown coding in HTTP/1.0': ['uncoded', noCodings],
};

/** What Host and an authority say is not the reader's to judge, unless they are no field. */
const isOfAuthority = (group: string, { what, end }: Variant): boolean =>
  group === 'an authority' && end === 400 && what !== 'a Host that is folded';

function verdictFor(group: string, variant: Variant): Verdict {
  if (isOfAuthority(group, variant)) return 'read';
  return exceptions[variant.what]?.[0] ?? verdicts[variant.end]!;
}

function verdictOf({ fault, isStopped, messages }: Transcript): Verdict {
  const last = messages.at(-1);
  if (fault !== undefined) return fault.kind === 'version' ? 'version' : 'malformed';
  if (last === undefined || last.trailers !== undefined) return 'read';
  return isStopped ? 'uncoded' : 'waits';
}

/** The requests that are whole, as the corpus writes them. */
function wholeOf({ messages }: Transcript): string[] {
  return messages
    .filter(({ trailers }) => trailers !== undefined)
    .map(({ start, body }) => {
      const [method, target = ''] = start.split(' ');
      return `${method} ${target.replace('http://shop.example', '')} ${body.length}`;
    });
}

const options = { maxHead: 16_384, ends: false, closes: true };
const before = 'GET /first HTTP/1.1\r\nHost: x\r\n\r\n';

describe.each([...corpus])('%s', (group, variants) => {
  it.each(variants)('$what: $end', variant => {
    const { bytes, end, reaches } = variant;
    const verdict = verdictFor(group, variant);
    const transcript = readRequests([bytes], options);
    const whole = wholeOf(transcript);
    expect(verdictOf(transcript)).toBe(verdict);
    // Behind an upgrade or a request that it refuses, a gateway reads nothing; the reader would.
    const readsOn = verdict === 'read' && end !== 'open';
    const expected = end === 'close' && verdict === 'malformed' ? [] : reaches;
    expect(readsOn ? whole.slice(0, reaches.length) : whole).toEqual(expected);

    expect(readRequests(byteByByte(bytes), options)).toEqual(transcript);
    const pipelined = readRequests([before + bytes], options);
    expect(pipelined).toEqual({ ...transcript, messages: [pipelined.messages[0], ...transcript.messages] });
  });
});

it('each exception is of the corpus, and one', () => {
  const variants = new Map([...corpus].flatMap(([, all]) => all.map(variant => [variant.what, variant] as const)));
  for (const [what, [verdict]] of Object.entries(exceptions)) {
    expect(variants.has(what), what).toBe(true);
    expect(verdicts[variants.get(what)!.end], what).not.toBe(verdict);
  }
});

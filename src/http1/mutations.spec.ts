import { describe, expect, it } from 'vitest';
import { fuzz, fuzzTimeout } from '../../test/support/fuzz.js';
import { cut, Dice, mutated, requestBytes, responseBytes } from '../../test/support/http1-messages.js';
import {
  byteByByte,
  type ReadingOptions,
  readRequests,
  readResponses,
  type Transcript,
} from '../../test/support/http1-transcript.js';
import { RequestReader } from './request-reader.js';
import { ResponseReader } from './response-reader.js';

/** Rules of every kind, small limits among them. */
function rulesBy(dice: Dice): ReadingOptions & { readonly maxHead: number } {
  const isLenient = dice.below(4) === 0;
  return {
    maxHead: dice.below(4) === 0 ? 20 + dice.below(100) : 2000,
    bareLineFeeds: isLenient && dice.below(2) === 0,
    chunkSpaces: isLenient && dice.below(2) === 0,
    repeatedLengths: isLenient && dice.below(2) === 0,
    isBodiless: dice.below(4) === 0,
    closes: dice.below(2) === 0,
  };
}

/** Why these differ; undefined where they do not. Faster than `toEqual`. */
function difference(one: Transcript, other: Transcript): string | undefined {
  if (one.fault !== other.fault) return `${one.fault?.message} and ${other.fault?.message}`;
  if (one.rest !== other.rest) return `${one.rest.length} and ${other.rest.length} bytes unread`;
  if (one.messages.length !== other.messages.length)
    return `${one.messages.length} and ${other.messages.length} messages`;
  const at = one.messages.findIndex(
    (message, index) => JSON.stringify(message) !== JSON.stringify(other.messages[index]),
  );
  return at === -1 ? undefined : `message ${at}`;
}

/** What is larger than it may be in a transcript; undefined where nothing is. */
function excess({ messages }: Transcript, bytes: string, maxHead: number): string | undefined {
  const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length, 0);
  let total = 0;
  for (const { body, fields, start, trailers = [] } of messages) {
    if (start.length + lengthOf(fields) > maxHead) return 'a head';
    if (lengthOf(trailers) > maxHead) return 'trailers';
    total += body.length + lengthOf(fields) + lengthOf(trailers);
  }
  return total > bytes.length ? 'more than has come' : undefined;
}

/** The most bytes that came one after the other without anything being told of them, line ends between messages apart. */
function mostWithheld(reader: RequestReader | ResponseReader, bytes: string): number {
  let [withheld, most] = [0, 0];
  const told = (): void => void (withheld = 0);
  reader.serve({ headRead: told, bodyRead: told, messageRead: told });
  for (const byte of byteByByte(bytes)) {
    withheld++;
    reader.read(Buffer.from(byte, 'latin1'));
    if (reader.isIdle || reader.fault !== undefined || reader.framing === 'unknown') withheld = 0;
    most = Math.max(most, withheld);
  }
  return most;
}

describe.each([
  ['requests', requestBytes, readRequests],
  ['responses', responseBytes, readResponses],
] as const)('%s whose bytes are changed', (what, messages, read) => {
  it('are read the same however they are cut, and within their limits', { timeout: fuzzTimeout }, async () => {
    await fuzz(messages, 1 / 2, (message, seed) => {
      const dice = new Dice(seed);
      const bytes = mutated(message, dice);
      const rules = rulesBy(dice);
      const pieces = cut(bytes, dice);
      const whole = read([bytes], rules);
      const trouble = difference(whole, read(pieces, rules)) ?? excess(whole, bytes, rules.maxHead);
      if (trouble !== undefined) expect.fail(`${trouble}: ${JSON.stringify({ bytes, pieces, rules })}`);
    });
  });

  it('are never withheld beyond the limit of a head', { timeout: fuzzTimeout }, async () => {
    await fuzz(messages, 1 / 40, (message, seed) => {
      const dice = new Dice(seed);
      const bytes = mutated(message, dice);
      const { maxHead, ...rules } = rulesBy(dice);
      const reader =
        what === 'requests' ? new RequestReader({ ...rules, maxHead }) : new ResponseReader({ ...rules, maxHead });
      // Before the trailers stands a line that tells the last chunk.
      const most = maxHead + Math.max(...bytes.split('\n').map(line => line.length + 1));
      if (mostWithheld(reader, bytes) > most) expect.fail(JSON.stringify({ bytes, maxHead, rules }));
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventStreamCounts } from '../metrics/stream-metrics.js';
import type { Exchange } from '../proxy/exchange.js';
import { EventStreamObserver } from './event-stream-observer.js';
import { EventWriter } from './event-writer.js';

/** A writer with what it has written; `flows` is what the client's side says to each piece. */
function setup(holds: boolean) {
  const written: Buffer[] = [];
  const client = { flows: true };
  const exchange = {
    bytesOut: 0,
    responder: {
      write: (chunk: Buffer) => {
        written.push(Buffer.from(chunk));
        return client.flows;
      },
    },
  } as unknown as Exchange;
  const count = () => ({ labels: {}, pending: 0 });
  const counts: EventStreamCounts = { streams: count(), events: count(), bytes: count(), heartbeats: count() };
  const writer = new EventWriter(exchange, counts, holds);
  const observer = new EventStreamObserver(true);
  return {
    client,
    counts,
    exchange,
    writer,
    pass: (chunk: Buffer | string): boolean => {
      const bytes = Buffer.from(chunk);
      return writer.pass(bytes, observer.observe(bytes), performance.now());
    },
    text: () => Buffer.concat(written).toString('latin1'),
    pieces: written,
  };
}

const token = fc.constantFrom('\n', '\r', '\r\n', '\n\n', 'data: x', 'id: 7', ': comment', 'x', '\u{feff}');

describe('the client’s side of an event stream', () => {
  it('gets nothing but complete events where they are held, all of them at once, and the rest at the end', () => {
    fc.assert(
      fc.property(fc.array(token), fc.integer({ min: 1, max: 9 }), (tokens, step) => {
        const bytes = Buffer.from(tokens.join(''));
        const { pass, text, writer } = setup(true);
        const observer = new EventStreamObserver(false);
        let complete = 0;
        for (let at = 0; at < bytes.length; at += step) {
          const piece = bytes.subarray(at, at + step);
          const boundary = observer.observe(piece);
          if (boundary >= 0) complete = at + boundary;
          pass(piece);
          expect(text()).toBe(bytes.toString('latin1', 0, complete));
        }
        writer.flush();
        expect(text()).toBe(bytes.toString('latin1'));
      }),
    );
  });

  it('gets an event that came in pieces in one, and what was not held without a copy', () => {
    const { pass, pieces } = setup(true);
    for (const piece of ['da', 'ta: ', '1\n', '\ndata: 2\n\n', 'data: 3\n\n']) pass(piece);
    expect(pieces.map(String)).toEqual(['data: 1\n\ndata: 2\n\n', 'data: 3\n\n']);
  });

  it('gets everything at once where nothing is held', () => {
    const { pass, pieces } = setup(false);
    for (const piece of ['da', 'ta: 1\n', '\n']) pass(piece);
    expect(pieces.map(String)).toEqual(['da', 'ta: 1\n', '\n']);
  });

  it('says stop when the client does, also for a piece that is only held', () => {
    const { client, pass, writer } = setup(true);
    expect(pass('data: 1')).toBe(true);
    client.flows = false;
    expect(pass('\n\n')).toBe(false);
    expect(pass('data: 2')).toBe(false);
    expect(writer.paused).toBe(true);
  });

  it('passes an event of more than 1 MiB as it comes, and holds the next one again', () => {
    const { pass, text, writer } = setup(true);
    const half = `data: ${'x'.repeat(1024 * 1024 - 6)}`;
    pass(half);
    expect([text(), writer.exposed]).toEqual(['', false]);
    pass('x');
    expect([text().length, writer.exposed]).toEqual([half.length + 1, true]);
    pass('y\n\ndata');
    expect([text().length, writer.exposed]).toEqual([half.length + 4, false]);
  });

  it('counts what it writes, comments too', () => {
    const { counts, exchange, pass, text, writer } = setup(false);
    pass('data: 1\n\n');
    writer.beat();
    expect(text()).toBe('data: 1\n\n:\n\n');
    expect([exchange.bytesOut, counts.bytes.pending, counts.heartbeats.pending]).toEqual([12, 12, 1]);
  });
});

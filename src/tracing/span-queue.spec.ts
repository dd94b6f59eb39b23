import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { spansIn } from '../../test/support/otlp-spans.js';
import { mostBytes } from './span-batch.js';
import type { ExportError } from './span-exporter.js';
import { SpanQueue } from './span-queue.js';
import { attributeKey, serverKind, spanSource, SpanWriter } from './span-writer.js';

const timeLimit = 15_000;

/** A queue in front of a collector that answers when the test says so. */
function setUp() {
  const counts = { exported: 0, dropped: 0, failed: 0 };
  const messages: { readonly body: Buffer; readonly answer: (error?: ExportError) => void }[] = [];
  const sut = new SpanQueue(
    spanSource({ 'service.name': 'edge' }, { name: 'gatehouse', version: '1' }),
    {
      export: message => {
        const { promise, resolve } = Promise.withResolvers<ExportError | undefined>();
        messages.push({ body: Buffer.from(message), answer: resolve });
        return promise;
      },
    },
    timeLimit,
    {
      counts: { count: (result, spans) => void (counts[result] += spans) },
      log: { info: () => {}, warn: () => {} },
      version: '1',
      thread: undefined,
    },
  );
  const writer = new SpanWriter();
  /** So many spans of so many bytes more than they need. */
  const add = (spans = 1, padding = 0): boolean => {
    writer.clear();
    for (let count = 0; count < spans; count++) {
      const name = `${count}`;
      writer.begin({
        traceId: 'a'.repeat(32),
        spanId: 'b'.repeat(16),
        parentId: undefined,
        state: undefined,
        name,
        kind: serverKind,
        from: 1,
        to: 2,
      });
      writer.attribute(attributeKey('padding'), '-'.repeat(padding));
      writer.end({ isError: false, isOfRemote: false, lostEvents: 0 });
    }
    return sut.hasRoom(spans) && sut.add(spans, writer.written);
  };
  const sizes = (): number[] => messages.map(({ body }) => spansIn(body).length);
  return { sut, add, counts, messages, sizes };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('spans that wait for the collector', () => {
  it('wait for others for a second', async () => {
    const { add, messages, sizes, counts } = setUp();
    add(2);
    await vi.advanceTimersByTimeAsync(600);
    add(3);
    await vi.advanceTimersByTimeAsync(399);
    expect(sizes()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sizes()).toEqual([5]);
    messages[0]!.answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(counts).toEqual({ exported: 5, dropped: 0, failed: 0 });
  });

  it('go at once when they fill a message, one message after the other', async () => {
    const { add, messages, sizes } = setUp();
    for (let count = 0; count < 512; count++) add(2);
    expect(sizes()).toEqual([512]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(sizes()).toEqual([512]);
    messages[0]!.answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(sizes()).toEqual([512, 512]);
  });

  it('are sent in two messages where those of one exchange do not fit into the first', async () => {
    const { add, messages, sizes } = setUp();
    for (let count = 0; count < 16; count++) add(33);
    expect(sizes()).toEqual([15 * 33]);
    messages[0]!.answer();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sizes()).toEqual([15 * 33, 33]);
  });

  it('are at most 2048 beside the message that is under way; of an exchange all or none are taken', async () => {
    const { add, sizes, sut } = setUp();
    for (let count = 0; count < 256; count++) expect(add(2)).toBe(true);
    for (let count = 0; count < 1023; count++) expect(add(2)).toBe(true);
    expect(add(3)).toBe(false);
    expect(add(2)).toBe(true);
    expect(add(1)).toBe(false);
    expect(sizes()).toEqual([512]);
    void sut.flush();
    expect(sizes()).toEqual([512, 512, 512, 512, 512]);
  });

  it('are at most four megabytes beside the message that is under way, and no message is longer than one', () => {
    const { add, messages, sut } = setUp();
    let taken = 0;
    while (add(2, 50_000)) taken++;
    void sut.flush();
    expect(messages).toHaveLength(5);
    expect(Math.max(...messages.map(({ body }) => body.length))).toBeLessThan(mostBytes + 200);
    expect(taken).toBe(5 * 10);
    expect(add(1, mostBytes)).toBe(false);
    expect(add(1)).toBe(true);
  });

  it('do not wait for ever for the message before', async () => {
    const { add, messages, sizes, counts } = setUp();
    add(512);
    add(1);
    await vi.advanceTimersByTimeAsync(timeLimit - 1);
    expect(sizes()).toEqual([512]);
    await vi.advanceTimersByTimeAsync(1001);
    expect(sizes()).toEqual([512, 1]);
    messages[0]!.answer(new Error('late'));
    await vi.advanceTimersByTimeAsync(0);
    expect(counts).toEqual({ exported: 0, dropped: 0, failed: 512 });
    // The end of that one does not let a third go beside the second.
    add(512);
    expect(sizes()).toEqual([512, 1]);
  });

  it('are counted as failed at the end where the collector has not answered, and no others are taken', async () => {
    const { add, counts, messages, sut } = setUp();
    add(512);
    add(7);
    const closed = sut.close(300);
    await vi.advanceTimersByTimeAsync(300);
    await closed;
    expect(counts).toEqual({ exported: 0, dropped: 0, failed: 519 });
    expect(add(1)).toBe(false);
    messages[0]!.answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(counts.exported).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

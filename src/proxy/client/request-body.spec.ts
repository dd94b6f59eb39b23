import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../http/gateway-error.js';
import { RequestBody, RequestBodyError, type BodyFeed } from './request-body.js';

/** A feed that notes what it is told, and answers each wish with `next`. */
class FakeFeed implements BodyFeed {
  readonly length = undefined;
  readonly trailers = ['x-sum', '1'];
  readonly told: string[] = [];
  next: (reader: RequestBody) => void = () => {};

  passedAll(): void {
    this.told.push('passed all');
  }

  supply(reader: RequestBody): void {
    this.told.push('supply');
    this.next(reader);
  }

  left(): void {
    this.told.push('left');
  }
}

function setup(before?: string) {
  const feed = new FakeFeed();
  const body = new RequestBody(feed, before === undefined ? undefined : Buffer.from(before));
  const read: string[] = [];
  const seen = { ended: false, error: undefined as Error | undefined };
  body.on('end', () => (seen.ended = true)).on('error', error => (seen.error = error));
  return { feed, body, read, seen, flow: () => body.on('data', (chunk: Buffer) => read.push(chunk.toString())) };
}

describe('a body on its way to a backend', () => {
  it('is not read before its attempt is on a connection, however much the carrier wants it', async () => {
    const { feed, body, read, flow } = setup('abc');
    flow();
    await turn();
    expect([read, feed.told, body.waiting]).toEqual([[], [], 3]);
    body.begin();
    await turn();
    expect([read.join(''), feed.told.includes('supply'), body.waiting]).toEqual(['abc', true, 0]);
  });

  it('gives what came before, then what waits joined, then the end', async () => {
    const { feed, body, read, seen, flow } = setup('abc');
    feed.next = reader => reader.finish();
    body.wait(Buffer.from('d'));
    body.wait(Buffer.from('e'));
    flow();
    body.begin();
    await turn();
    expect([read.join(''), seen.ended]).toEqual(['abcde', true]);
    expect(feed.told.filter(what => what === 'passed all')).toHaveLength(1);
  });

  it('says that all is passed on before the carrier has the last piece', async () => {
    const { feed, body } = setup();
    body.on('data', () => feed.told.push('data'));
    await turn();
    body.wait(Buffer.from('abc'));
    body.begin();
    expect(feed.told).toEqual(['passed all', 'data', 'supply']);
  });

  it('takes a piece at once only while the carrier wants more', () => {
    const { body } = setup();
    expect(body.takesAtOnce).toBe(false);
    body.begin();
    expect(body.takesAtOnce).toBe(true);
    body.pass(Buffer.from('abc'));
    expect(body.takesAtOnce).toBe(false);
    expect(body.read()?.toString()).toBe('abc');
    body.read();
    expect(body.takesAtOnce).toBe(true);
  });

  it('asks for more while the carrier is full, so that the next piece can wait', () => {
    const { feed, body } = setup('abc');
    body.begin();
    expect([body.takesAtOnce, feed.told.at(-1)]).toEqual([false, 'supply']);
    body.wait(Buffer.from('def'));
    expect(body.waiting).toBe(3);
    expect(String(body.read())).toBe('abc');
    expect(String(body.read())).toBe('def');
  });

  it('does not end while something waits, nor before it has begun, but as soon as it can', async () => {
    const { feed, body, read, seen, flow } = setup('abc');
    feed.next = reader => reader.finish();
    body.finish();
    flow();
    await turn();
    expect([read, seen.ended]).toEqual([[], false]);
    body.begin();
    await turn();
    expect([read, seen.ended]).toEqual([['abc'], true]);
  });

  it('takes nothing more after its end', async () => {
    const { feed, body, read, seen, flow } = setup();
    flow();
    body.begin();
    body.finish();
    body.finish();
    body.begin();
    body.letRead();
    body.wait(Buffer.from('abc'));
    await turn();
    expect([read, seen.ended, seen.error, body.waiting]).toEqual([[], true, undefined, 0]);
    expect(feed.told.at(-1)).toBe('left');
  });

  it('breaks with the error of the gateway, also before it has begun, and gives nothing that waits', async () => {
    const { feed, body, read, seen, flow } = setup('abc');
    flow();
    body.fail(new GatewayError('CLIENT_ABORTED'));
    await turn();
    body.begin();
    await turn();
    expect((seen.error as RequestBodyError).gatewayError.code).toBe('CLIENT_ABORTED');
    expect([read, body.waiting, feed.told]).toEqual([[], 0, ['left']]);
  });

  it('can be read before it has begun where it is let', async () => {
    const { feed, body, flow } = setup();
    body.letRead();
    flow();
    await turn();
    expect(feed.told).toContain('supply');
  });

  it('gives nothing more when its carrier destroys it while it takes a piece, and is left once', async () => {
    const { feed, body, read } = setup();
    body.on('data', (chunk: Buffer) => {
      read.push(chunk.toString());
      body.destroy();
    });
    body.begin();
    await turn();
    body.wait(Buffer.alloc(8 * 1024, 'a'));
    body.wait(Buffer.alloc(8 * 1024, 'b'));
    body.begin();
    await turn();
    expect([read.map(piece => piece[0]), feed.told.filter(what => what === 'left')]).toEqual([['a'], ['left']]);
    expect(body.waiting).toBe(0);
  });

  it('has the trailer fields of its client', () => expect(setup().body.trailers).toEqual(['x-sum', '1']));
});

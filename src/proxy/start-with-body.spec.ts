import { describe, expect, it } from 'vitest';
import { clientBody, type BodyOptions } from '../../test/support/body-scene.js';
import type { GatewayError } from '../http/gateway-error.js';
import { Borrowed, MemoryShare } from './client/memory-share.js';
import { startWithBody, type Startable } from './start-with-body.js';

/** A delivery that has not begun, with its body. `memory`: bytes for bodies. */
function scene({
  buffers = true,
  memory = 1_000_000,
  ...options
}: BodyOptions & { buffers?: boolean; memory?: number }) {
  const { body, arrive, finish, source } = clientBody(options);
  const told: string[] = [];
  const bodies = new MemoryShare(memory);
  const exchange: Startable['exchange'] & { borrowed: Borrowed | undefined; error: GatewayError | undefined } = {
    body,
    borrowed: undefined,
    error: undefined,
    get isDecided() {
      return this.error !== undefined;
    },
    fail: error => told.push(error.code),
  };
  const delivery = {
    exchange,
    memory: { bodies },
    route: { retries: { buffers: () => buffers } },
    next: () => void told.push('next'),
  };
  return { arrive, bodies, body, delivery, exchange, finish, source, told };
}

describe('an exchange whose body may have come with its head', () => {
  it('begins with all of it, where it has', async () => {
    const { arrive, body, delivery, told } = scene({ length: '3' });
    await arrive('abc');
    startWithBody(delivery);
    expect([told, body.whole?.toString()]).toEqual([['next'], 'abc']);
  });

  it('waits for the rest, in memory that it gives back later', async () => {
    const { arrive, bodies, body, delivery, exchange, finish, told } = scene({ length: '6' });
    await arrive('abc');
    startWithBody(delivery);
    expect([told, bodies.taken]).toEqual([[], 6]);
    await arrive('def');
    await finish();
    expect([told, body.whole?.toString()]).toEqual([['next'], 'abcdef']);
    exchange.borrowed!.giveBack();
    expect(bodies.taken).toBe(0);
  });

  it('begins at once where its body is not to be gathered', async () => {
    const { arrive, bodies, delivery, told } = scene({ length: '6', buffers: false });
    await arrive('abc');
    startWithBody(delivery);
    expect([told, bodies.taken]).toEqual([['next'], 0]);
  });

  it('begins at once where there is no memory for it', async () => {
    const { arrive, bodies, delivery, told } = scene({ length: '6', memory: 5 });
    await arrive('abc');
    startWithBody(delivery);
    expect([told, bodies.taken]).toEqual([['next'], 0]);
  });

  it('ends with what its body ends with', async () => {
    const { delivery, source, told } = scene({ length: '6' });
    startWithBody(delivery);
    source.destroy();
    await new Promise(resolve => source.once('close', resolve));
    expect(told).toEqual(['CLIENT_ABORTED']);
  });

  it('does not begin once it has ended, before or while it waits', async () => {
    const before = scene({ length: '3' });
    before.exchange.error = { code: 'DENIED' } as GatewayError;
    startWithBody(before.delivery);
    const { arrive, delivery, exchange, finish, told } = scene({ length: '3' });
    startWithBody(delivery);
    exchange.error = { code: 'DENIED' } as GatewayError;
    await arrive('abc');
    await finish();
    expect([before.told, told]).toEqual([[], []]);
  });
});

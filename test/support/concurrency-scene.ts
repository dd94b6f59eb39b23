import type { ServerResponse } from 'node:http';
import { expect } from 'vitest';
import { ConcurrencyStore, MemoryConcurrencyStore } from '../../src/security/concurrency/concurrency-store.js';
import { startBackend, type TestBackend } from './backend.js';
import type { InProcessGateway } from './in-process.js';
import { eventually } from './poll.js';

/** A backend that answers when the test says so. */
export interface HeldBackend {
  readonly url: string;
  readonly backend: TestBackend;
  /** Waits until it holds `count` requests. */
  holds(count: number): Promise<void>;
  /** Answers the requests that it holds. */
  answer(): void;
}

/** Starts one. */
export async function startHeldBackend(): Promise<HeldBackend> {
  const held = new Set<ServerResponse>();
  const backend = await startBackend((_, response) => {
    held.add(response);
    response.on('close', () => held.delete(response));
  });
  return {
    url: backend.url,
    backend,
    holds: async count => void (await eventually(() => held.size === count, { what: `${count} requests held` })),
    answer: () => {
      for (const response of held) response.end('ok');
    },
  };
}

/** How many keys have places of `security.concurrency` in a gateway. */
export function keysIn({ gateway }: InProcessGateway): number {
  return (gateway.app.get(ConcurrencyStore) as MemoryConcurrencyStore).keys;
}

/** Waits until all places of `security.concurrency` have been given back. */
export async function expectNoPlaceTaken(gateway: InProcessGateway): Promise<void> {
  await eventually(() => expect(keysIn(gateway)).toBe(0), { what: 'the return of every place' });
}

import { expect } from 'vitest';
import { type InProcessGateway, type InProcessOptions, startInProcess } from './in-process.js';
import { eventually } from './poll.js';
import type { LogLine } from './program.js';
import { startRawBackend, type RawBackend } from './raw-backend.js';

/** What stands in a configuration as an upstream's backend: something with a URL, or the URL. */
export type Server = string | { readonly url: string };

const urlOf = (server: Server): string => (typeof server === 'string' ? server : server.url);

/** A gateway with one upstream, `app`, of these backends; the first request goes to the first of them. `others`: more of the file. */
export function gatewayTo(
  backends: readonly Server[],
  upstream: object = {},
  others: object = {},
  options: InProcessOptions = {},
): Promise<InProcessGateway> {
  return startInProcess({ upstreams: { app: { backends: backends.map(urlOf), ...upstream } }, ...others }, options);
}

/** What the gateway holds of exchanges. */
const heldBy = ['gatehouse_requests_in_flight', 'gatehouse_backend_in_flight', 'gatehouse_pool_pending'];

/** Waits until the gateway holds nothing of any exchange. @throws Error when something is still open after 5 s. */
export async function expectAtRest(gateway: InProcessGateway): Promise<void> {
  await eventually(async () => expect(await gateway.metrics(heldBy)).toEqual([0, 0, 0]), {
    what: 'the end of every exchange',
  });
}

/** The `number`-th access line (1 is the first), awaited if need be. */
export async function accessLineOf(gateway: InProcessGateway, number = 1): Promise<LogLine> {
  const lines = (): LogLine[] => gateway.logs.filter(({ msg }) => msg === 'exchange');
  await gateway.waitForLog(() => lines().length >= number);
  return lines()[number - 1]!;
}

/** How many access lines there are: of the exchanges that are over. */
export async function accessLines(gateway: InProcessGateway): Promise<number> {
  await gateway.flush();
  return gateway.logs.filter(({ msg }) => msg === 'exchange').length;
}

/** A URL of a server that accepts connections and never says a word of TLS: connecting to it takes for ever. */
export async function neverConnects(): Promise<{ readonly url: string; readonly backend: RawBackend }> {
  const backend = await startRawBackend();
  return { url: backend.url.replace('http:', 'https:'), backend };
}

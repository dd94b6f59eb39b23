import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeLater } from './cleanup.js';

/** HTTP servers at one port of several addresses of loopback, as the instances of a service have them. Closed when the test has finished. */
export class Service {
  /** Addresses whose instances take requests and never answer. */
  readonly silent = new Set<string>();
  /** Requests that have come, by address. */
  readonly requests: string[] = [];
  readonly #servers = new Map<string, Server>();
  #port = 0;

  get port(): number {
    return this.#port;
  }

  /** What the gateway calls the instance at an address. */
  id(address: string): string {
    return `${address}:${this.#port}`;
  }

  /** Starts an instance. It answers `<address> <method> <path>`, as a scripted backend does. */
  async add(address: string): Promise<void> {
    const server = createServer((request, response) => {
      this.requests.push(address);
      if (!this.silent.has(address)) response.end(`${address} ${request.method} ${request.url}`);
    });
    server.keepAliveTimeout = 0;
    server.listen(this.#port, address);
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#servers.set(address, server);
  }

  async close(): Promise<void> {
    await Promise.all(
      Array.from(this.#servers.values(), async server => {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }),
    );
    this.#servers.clear();
  }
}

/** Starts instances at these addresses, all at one port. */
export async function startService(...addresses: readonly string[]): Promise<Service> {
  for (let tries = 0; ; tries++) {
    const service = new Service();
    try {
      for (const address of addresses) await service.add(address);
      closeLater(() => service.close());
      return service;
    } catch (error) {
      await service.close();
      // The port that the first one got is taken at another address.
      if (tries === 10) throw error;
    }
  }
}

import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { createNamedDecorator } from '../../extension/named.js';
import { NamedProviders } from '../../extension/named-providers.js';
import type { BackendPools } from './backend-pools.js';
import type { Forwarder as Carrier } from './forwarder.js';

/** Makes a forwarder for an upstream. */
export interface ForwarderFactory {
  /**
   * The forwarders that it makes keep `connectTimeout`, `responseTimeout` and `idleTimeout` of each {@link ForwardRequest} by themselves. Default: false;
   * the gateway then keeps them, gives an attempt that is late up (`abort`), and stands between the forwarder and the exchange: what it throws
   * is a failed attempt, and what it tells after the end is not heard.
   */
  readonly keepsTimeouts?: boolean;
  /**
   * Called once for each upstream that names the forwarder, before anything listens. `pools` has the upstream's connection
   * settings, and connections to its backends for forwarders that do not make their own; the forwarder closes it. `makeDefault` makes the
   * gateway's own forwarder over these pools, for one that only stands before it: it closes the pools then.
   */
  create(pools: BackendPools, makeDefault: () => Carrier): Carrier;
}

/** Sends requests to backends; see {@link Forwarder} for how a class of one's own becomes one. */
export type Forwarder = Carrier;

/**
 * Names a forwarder: `@Forwarder('recorded')` on a {@link ForwarderFactory}, or `@Forwarder('recorded', { options: RecordedOptions })` on one that
 * takes options by `configure`. Provide the class in any module and write the name under `upstreams.*.forwarder`. Each upstream that names it
 * has its own instance.
 *
 * @example
 * ```ts
 * @Forwarder('recorded', { options: RecordedOptions })
 * class Recorded implements ForwarderFactory {
 *   #folder = 'tapes';
 *
 *   configure({ folder }: RecordedOptions): void {
 *     this.#folder = folder;
 *   }
 *
 *   create(pools: BackendPools): Forwarder {
 *     return new RecordedForwarder(pools, this.#folder);
 *   }
 * }
 * ```
 */
export const Forwarder = createNamedDecorator<ForwarderFactory>('forwarder');

/** All forwarders of the application by name: the built-in ones and those of any other module. */
@Injectable()
export class Forwarders extends NamedProviders<ForwarderFactory> {
  constructor(discovery: DiscoveryService) {
    super(discovery, Forwarder);
  }
}

import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { createNamedDecorator } from '../../extension/named.js';
import { NamedProviders } from '../../extension/named-providers.js';
import type { BackendPools } from './backend-pools.js';
import type { Forwarder } from './forwarder.js';

/** Makes a forwarder for an upstream. */
export interface ForwarderFactory {
  /**
   * Called once for each upstream that names the forwarder, before anything listens. `pools` has the upstream's connection
   * settings, and connections to its backends for forwarders that do not make their own; the forwarder closes it.
   */
  create(pools: BackendPools): Forwarder;
}

/**
 * Names a forwarder: `@RegisteredForwarder('recorded')` on a {@link ForwarderFactory}. Provide the class in any module and
 * write the name under `upstreams.*.forwarder`. It takes no options.
 */
export const RegisteredForwarder = createNamedDecorator<ForwarderFactory>('forwarder', '@RegisteredForwarder');

/** All forwarders of the application by name: the built-in ones and those of any other module. */
@Injectable()
export class Forwarders extends NamedProviders<ForwarderFactory> {
  constructor(discovery: DiscoveryService) {
    super(discovery, RegisteredForwarder);
  }
}

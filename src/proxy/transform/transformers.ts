import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { RouteConfig } from '../../config/file/route.config.js';
import type { NamedChoice } from '../../config/language/kinds/named-choice.js';
import { describeFindings } from '../../config/loading/plain-config.js';
import { NamedProviders } from '../../extension/named-providers.js';
import { RouteTransforms } from './route-transforms.js';
import { Transformer, type ExchangeTransformer } from './transformer.js';

/** All transformers of the application by name. */
@Injectable()
export class Transformers extends NamedProviders<ExchangeTransformer> {
  readonly #made = new WeakMap<NamedChoice, Promise<ExchangeTransformer>>();

  constructor(discovery: DiscoveryService) {
    super(discovery, Transformer);
  }

  /**
   * Those of a route; undefined: it has none. An entry that stays as it is in the next configuration keeps its instance. Rejects with an ExtensionError for an unknown name and for
   * wrong options.
   */
  async ofRoute(config: GatewayConfig, route: RouteConfig, index: number): Promise<RouteTransforms | undefined> {
    const { transformers } = route;
    if (transformers.length === 0) return undefined;
    const made = transformers.map((choice, at) => this.#one(config, choice, ['routes', index, 'transformers', at]));
    const all = await Promise.all(made);
    return new RouteTransforms(all.map((transformer, at) => ({ name: transformers[at]!.name, transformer })));
  }

  #one(config: GatewayConfig, choice: NamedChoice, path: readonly (string | number)[]): Promise<ExchangeTransformer> {
    let made = this.#made.get(choice);
    if (made === undefined) {
      made = this.create({ ...choice, path, describe: faults => describeFindings(config, faults) });
      this.#made.set(choice, made);
      // What could not be made may be possible when the same configuration is tried again.
      made.catch(() => this.#made.delete(choice));
    }
    return made;
  }
}

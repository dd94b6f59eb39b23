import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ConfigService } from '@nestjs/config';
import { gatewayNamespaces } from '../config/config-namespace.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';

/** Has the `ConfigService` of the application tell of the configuration in force, where it has told of the one before. */
@Injectable()
export class ServedConfig {
  constructor(private readonly providers: ModuleRef) {}

  /** Tells of another configuration, also those who listen to `changes$`. */
  follow(from: GatewayConfig, to: GatewayConfig): void {
    const service = this.#service();
    if (service === undefined) return;
    for (const namespace of gatewayNamespaces) {
      // A path of one part: for a text, the service would set a variable of the process as well.
      if (service.get<unknown>(namespace) === from) service.set([namespace] as never, to);
    }
  }

  #service(): ConfigService | undefined {
    try {
      return this.providers.get(ConfigService, { strict: false });
    } catch {
      return undefined;
    }
  }
}

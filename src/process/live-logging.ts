import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { LivePart, Transition } from '../config/live/transition.js';
import { AccessLog } from '../logging/access-log.js';
import { PINO, type LoggingSettings } from '../logging/logging.module.js';
import { CredentialFields } from '../security/credential-fields.js';

/** The level of the log, and what the access log writes. Its format stays as it was at the start. */
@Injectable()
export class LiveLogging implements LivePart {
  /** Fields for API keys of all configurations so far: exchanges that began with any of them may still be written. */
  #apiKeys: ReadonlySet<string> = new Set();

  constructor(
    @Inject(PINO) private readonly log: Logger,
    private readonly access: AccessLog,
  ) {}

  prepare(transition: Transition): void {
    const { from, to } = transition;
    const apiKeys = new Set([...this.#apiKeys, ...apiKeysOf(from), ...apiKeysOf(to)]);
    const { level, access } = loggingOf(to, apiKeys);
    transition.onCommit(() => {
      this.#apiKeys = apiKeys;
      this.log.level = level;
      this.access.use(access);
    });
  }
}

/** Also hides the fields for API keys, which may have any name. */
export function loggingOf(config: GatewayConfig, apiKeys: Iterable<string> = apiKeysOf(config)): LoggingSettings {
  const { access, ...settings } = config.logging;
  return { ...settings, access: { ...access, redact: [...access.redact, ...apiKeys] } };
}

function apiKeysOf(config: GatewayConfig): ReadonlySet<string> {
  return new CredentialFields(config).apiKeys;
}

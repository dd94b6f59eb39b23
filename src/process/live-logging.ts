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
  constructor(
    @Inject(PINO) private readonly log: Logger,
    private readonly access: AccessLog,
  ) {}

  prepare(transition: Transition): void {
    const { level, access } = loggingOf(transition.to);
    transition.onCommit(() => {
      this.log.level = level;
      this.access.use(access);
    });
  }
}

/** Also hides the fields for API keys, which may have any name. */
export function loggingOf(config: GatewayConfig): LoggingSettings {
  const { access, ...settings } = config.logging;
  const { apiKeys } = new CredentialFields(config);
  return { ...settings, access: { ...access, redact: [...access.redact, ...apiKeys] } };
}

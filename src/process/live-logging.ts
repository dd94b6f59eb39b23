import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { LivePart, Transition } from '../config/live/transition.js';
import { AccessLog } from '../logging/access-log.js';
import { AccessOutput } from '../logging/access-output.js';
import { LogDestination } from '../logging/destination.js';
import { LogLook } from '../logging/log-look.js';
import { PINO, type LoggingSettings } from '../logging/logging.module.js';
import { CredentialFields } from '../security/credential-fields.js';

/** The level of the log and how its lines look, what the access log writes, and its file. */
@Injectable()
export class LiveLogging implements LivePart {
  /** Fields for API keys of all configurations so far: exchanges that began with any of them may still be written. */
  #apiKeys: ReadonlySet<string> = new Set();

  constructor(
    @Inject(PINO) private readonly log: Logger,
    private readonly destination: LogDestination,
    private readonly look: LogLook,
    private readonly access: AccessLog,
    private readonly output: AccessOutput,
  ) {}

  /** Throws, in one line, when the file of the access log cannot be opened. */
  prepare(transition: Transition): void {
    const { from, to } = transition;
    const apiKeys = new Set([...this.#apiKeys, ...apiKeysOf(from), ...apiKeysOf(to)]);
    const settings = loggingOf(to, apiKeys);
    const file = this.output.prepare(settings.access.file);
    transition.onDiscard(() => file.discard());
    transition.onCommit(() => {
      this.#apiKeys = apiKeys;
      this.log.level = settings.level;
      this.look.use(settings);
      this.destination.use(this.look.formatLine);
      file.commit();
      this.access.use(settings.access, this.look.ofAccess(settings));
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

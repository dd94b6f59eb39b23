import { ConfigError } from '../../config/loading/config-error.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import { buildConfig } from '../../config/loading/load-config.js';
import { securityOf } from '../../config/file/route-settings.js';
import type { RequestPolicy } from '../policy.js';
import type { RoutePolicies } from '../route-policies.js';

/**
 * The policies of a `security` block, in their order, for controllers of an application. Rejects with a {@link ConfigError} for
 * wrong settings, and for `cors` and `headers`, which change responses and not requests. `config`: the configuration in force.
 */
export async function policiesFor(
  policies: RoutePolicies,
  config: GatewayConfig,
  security: object,
): Promise<readonly RequestPolicy[]> {
  const own = buildConfig({ routes: [{ respond: {} }], security });
  const settings = securityOf(own, own.routes[0]!);
  if (settings.cors !== undefined) throw refusal('cors', 'enableCors() of the application');
  if (settings.headers !== undefined) throw refusal('headers', 'SecurityHeadersInterceptor');
  return policies.of(settings, { config, path: 'security', route: undefined });
}

function refusal(key: string, instead: string): ConfigError {
  const message = `concerns responses, which no guard sees: use ${instead}`;
  const place = { path: `security.${key}`, file: undefined, line: undefined, column: undefined };
  return new ConfigError([{ ...place, message, found: key, allowed: instead }]);
}

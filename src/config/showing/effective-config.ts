import type { GatewayConfig } from '../file/gateway.config.js';
import { Invalid } from '../language/kinds/invalid.js';
import { formatBlock } from '../language/kinds/block.js';
import { isBlock } from '../language/kinds/raw-block.js';
import { escapeSubstitution } from '../loading/environment.js';
import { unsupportedKeys, type UnsupportedKey } from '../loading/unsupported.js';

/**
 * The configuration in force, as plain data in the shape of the file: every default shown, durations, sizes and ratios in the
 * units of the file, secrets as `****`. Written as YAML, it loads to the same configuration, except for the secrets. Keys that
 * this version does not support are left out.
 */
export function effectiveConfig(config: GatewayConfig): Record<string, unknown> {
  const formatted = formatBlock(config);
  for (const { path, isOff } of unsupportedKeys) prune(formatted, config, path.split('.'), isOff ?? never);
  dropStandIns(formatted);
  return literal(formatted) as Record<string, unknown>;
}

const never = (): boolean => false;

/** Removes a key whose value needs an unsupported feature: a specified default that does not apply yet. */
function prune(
  formatted: unknown,
  value: unknown,
  [step, ...rest]: string[],
  isOff: NonNullable<UnsupportedKey['isOff']>,
): void {
  if (step === undefined || typeof value !== 'object' || value === null || value instanceof Invalid) return;
  const values = value instanceof Map ? value : new Map<string, unknown>(Object.entries(value));
  const parts = formatted as Record<string, unknown>;
  for (const key of step === '*' ? values.keys() : [step]) {
    const inner: unknown = values.get(key);
    if (inner === undefined || parts[key] === undefined) continue;
    if (rest.length > 0) prune(parts[key], inner, rest, isOff);
    else if (!isOff(inner)) Reflect.deleteProperty(parts, key);
  }
}

/** Removes keys that the loader has filled in beside a unix socket, and that a file must not have beside one. */
function dropStandIns({ listeners, upstreams }: Record<string, unknown>): void {
  const backends = Object.values(upstreams as Record<string, { backends: unknown[] }>).flatMap(each => each.backends);
  for (const part of [...(listeners as unknown[]), ...backends]) {
    if (!isBlock(part) || part['unix'] === undefined) continue;
    Reflect.deleteProperty(part, 'host');
    Reflect.deleteProperty(part, 'url');
  }
}

/** Escapes texts so that nothing in them is read as a variable. */
function literal(value: unknown): unknown {
  if (typeof value === 'string') return escapeSubstitution(value);
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literal(item)]));
}

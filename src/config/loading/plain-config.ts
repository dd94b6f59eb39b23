import type { GatewayConfig } from '../file/gateway.config.js';

/** What a configuration was made of, without any class: it can be sent to another thread, which makes the same configuration of it. Holds secrets. */
export interface PlainConfig {
  /** The content of the file and what it includes, with the environment put in. */
  readonly value: unknown;
  /** The folder to which its relative paths are relative. */
  readonly baseDir: string;
}

const known = new WeakMap<GatewayConfig, PlainConfig>();

/** Remembers what a configuration was made of. */
export function rememberPlain(config: GatewayConfig, plain: PlainConfig): void {
  known.set(config, plain);
}

/** The configuration `to` was made of the same as `from`. */
export function sharePlain(from: GatewayConfig, to: GatewayConfig): void {
  const plain = known.get(from);
  if (plain !== undefined) known.set(to, plain);
}

/** What a configuration was made of. Throws for one that was not made by `buildConfig`, `parseConfig` or `loadConfig`. */
export function plainOf(config: GatewayConfig): PlainConfig {
  const plain = known.get(config);
  if (plain === undefined) throw new Error('this configuration was not made by buildConfig, parseConfig or loadConfig');
  return plain;
}

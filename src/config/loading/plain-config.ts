import type { GatewayConfig } from '../file/gateway.config.js';
import { Placed } from '../language/kinds/placed.js';
import { Source } from '../language/kinds/source.js';
import { Substituted } from '../language/kinds/substituted.js';
import { locate, noPositions, type Finding, type Positions } from './findings.js';
import { formatProblem } from './problem.js';

/** What a configuration was made of, without any class: it can be sent to another thread, which makes the same configuration of it. Holds secrets. */
export interface PlainConfig {
  /** The content of the file and what it includes, with the environment put in. */
  readonly value: Encoded;
  /** The folder to which its relative paths are relative. */
  readonly baseDir: string;
}

/** A value and what kind of value it is: a list, a block, a text from the environment with the text of the file, what stands in an included file with its folder, or another. */
type Encoded =
  | { readonly list: readonly Encoded[] }
  | { readonly block: readonly (readonly [key: string, value: Encoded])[] }
  | { readonly substituted: readonly [text: string, original: string] }
  | { readonly placed: Encoded; readonly baseDir: string }
  | { readonly value: unknown };

/** What a configuration was made of, until it is asked for, and where it stands in the files. */
const known = new WeakMap<
  GatewayConfig,
  { readonly value: unknown; readonly baseDir: string; readonly positions: Positions }
>();

/** Remembers what a configuration was made of. */
export function rememberPlain(config: GatewayConfig, value: unknown, baseDir: string, positions: Positions): void {
  known.set(config, { value, baseDir, positions });
}

/** What was found about a configuration after it was loaded, on one line, with the places in its files: `gateway.yaml:4:5 upstreams.app.strategy.key: …`. */
export function describeFindings(config: GatewayConfig, findings: readonly Finding[]): string {
  return locate(findings, known.get(config)?.positions ?? noPositions)
    .map(formatProblem)
    .join('; ');
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
  return { value: encode(plain.value), baseDir: plain.baseDir };
}

/** The value of {@link PlainConfig} as the loader knows it: its blocks have no prototype. */
export function decode(encoded: Encoded): unknown {
  if ('list' in encoded) return encoded.list.map(decode);
  if ('substituted' in encoded) return new Substituted(...encoded.substituted);
  if ('placed' in encoded) return new Placed(decode(encoded.placed), new Source(encoded.baseDir));
  if ('value' in encoded) return encoded.value;
  const block = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of encoded.block) block[key] = decode(value);
  return block;
}

function encode(value: unknown): Encoded {
  if (Array.isArray(value)) return { list: value.map(encode) };
  if (value instanceof Substituted) return { substituted: [value.text, value.original] };
  if (value instanceof Placed) return { placed: encode(value.value), baseDir: value.source.baseDir };
  if (typeof value !== 'object' || value === null) return { value };
  return { block: Object.entries(value).map(([key, item]) => [key, encode(item)] as const) };
}

import { dirname, resolve } from 'node:path';
import { readBoundedText, whyUnreadable } from '../../platform/bounded-file.js';
import type { KnownNames } from './checks/check.js';
import { ConfigError, noOrigin } from './config-error.js';
import { noPositions } from './findings.js';
import type { GatewayConfig } from '../file/gateway.config.js';
import { Source } from '../language/kinds/source.js';
import { compile, type LoadedConfig } from './compile.js';
import type { Environment } from './environment.js';
import { IncludeReader } from './including/include-reader.js';
import { merge } from './including/merge.js';
import { decode, type PlainConfig } from './plain-config.js';
import { plainData } from './plain-data.js';
import { largestFile } from './yaml-bounds.js';
import type { GatewayConfigInput } from '../typed/gateway-config-input.js';
import type { UnsupportedKey } from './unsupported.js';

/** Options for reading a configuration: its file, the environment, and the known names. */
export interface ParseOptions extends KnownNames {
  /** The name of the file in messages. Relative paths in the configuration are relative to its folder. Default: `gateway.yaml`. */
  readonly file?: string;
  /** The variables for `${NAME}`. Default: none. */
  readonly env?: Environment;
  /** Keys that are refused as not supported. Default: those of this version. */
  readonly unsupported?: readonly UnsupportedKey[];
}

/**
 * Parses and validates the text of a configuration file, and the files that it includes.
 * @throws ConfigError with every problem, positioned.
 */
export function parseConfig(text: string, options: ParseOptions = {}): LoadedConfig {
  const { file = 'gateway.yaml', env = {}, unsupported, ...known } = options;
  const reader = new IncludeReader(env);
  reader.add(text, file);
  const { excess, files, findings, isWhole, patterns, warnings } = reader;
  const merged = merge(reader.parts);
  const value = isWhole ? merged.value : undefined;
  const source = new Source(dirname(resolve(file)));
  const origin = { files, patterns };
  const all = excess === undefined ? [...merged.findings, ...findings] : [excess];
  return compile({ value, findings: all, warnings, positions: merged.positions, origin, source, known, unsupported });
}

/**
 * Reads, parses and validates a configuration file, and the files that it includes.
 * @throws ConfigError, also when the file cannot be read.
 */
export function loadConfig(
  file: string,
  env: Environment,
  options: Omit<ParseOptions, 'file' | 'env'> = {},
): LoadedConfig {
  return parseConfig(readFile(file), { ...options, file, env });
}

/** Options for a configuration that is made of a value: the folder of its relative paths, and the known names. */
export interface BuildOptions extends Omit<ParseOptions, 'file' | 'env'> {
  /** The folder to which relative paths are relative. Default: the working directory. */
  readonly baseDir?: string;
}

/**
 * Makes a configuration of a plain object in the shape of the YAML file: for embedding and for tests. Nothing is
 * substituted from the environment, and nothing can be included. Relative paths are relative to `baseDir` (default: the working directory).
 * @throws ConfigError with every problem, by path only.
 */
export function buildConfig(input: GatewayConfigInput, options: BuildOptions = {}): GatewayConfig {
  return buildUntyped(input, options);
}

/** As {@link buildConfig}, of data whose shape is not known before: what a file, a database or a test holds. @throws ConfigError with every problem, by path only. */
export function buildUntyped(plain: unknown, options: BuildOptions = {}): GatewayConfig {
  const { baseDir = process.cwd(), unsupported, ...known } = options;
  const source = new Source(baseDir);
  const material = { value: plainData(plain), findings: [], positions: noPositions, origin: noOrigin, source };
  return compile({ ...material, known, unsupported }).config;
}

/** The configuration that another thread has made of the same. @throws ConfigError when a file that it names has changed, and cannot be used any more. */
export function rebuildConfig({ baseDir, value }: PlainConfig, known: KnownNames): GatewayConfig {
  const material = { value: decode(value), findings: [], positions: noPositions, origin: noOrigin };
  return compile({ ...material, source: new Source(baseDir), known }).config;
}

function readFile(file: string): string {
  try {
    return readBoundedText(file, { dropMark: true, maxBytes: largestFile });
  } catch (error) {
    const why = whyUnreadable(error);
    const place = { path: '', file, line: undefined, column: undefined };
    throw new ConfigError(
      [{ ...place, message: `the configuration file ${why}`, found: '', allowed: 'a readable YAML file' }],
      { files: [resolve(file)], patterns: [] },
    );
  }
}

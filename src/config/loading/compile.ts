import { validateSync } from 'class-validator';
import { checkGateway, smallestFile } from './checks/gateway-checks.js';
import type { CheckContext, KnownNames } from './checks/check.js';
import { checkIncludes } from './checks/include-checks.js';
import { checkListeners } from './checks/listener-checks.js';
import { checkMasks } from './checks/mask-checks.js';
import { checkProtectedPaths } from './checks/path-checks.js';
import { checkRetries } from './checks/retries-checks.js';
import { checkRoutes } from './checks/route-checks.js';
import { checkSecurity } from './checks/security-checks.js';
import { checkUnsupported } from './checks/unsupported-check.js';
import { checkUpstreams } from './checks/upstream-checks.js';
import { ConfigError, type Origin } from './config-error.js';
import { formatPlace, locate, type Finding, type Positions } from './findings.js';
import { GatewayConfig } from '../file/gateway.config.js';
import { instantiate } from '../language/kinds/block.js';
import { describeFound } from '../language/kinds/found.js';
import { isBlock } from '../language/kinds/raw-block.js';
import type { Source } from '../language/kinds/source.js';
import type { Problem } from './problem.js';
import { formatPath } from '../../spelling/place.js';
import { unsupportedKeys, type UnsupportedKey } from './unsupported.js';
import { collectFindings, type Collected } from './collect.js';
import { fill } from './fill.js';
import { rememberPlain } from './plain-config.js';
import { salvage } from './salvage.js';

/** A configuration that may be used. */
export interface LoadedConfig extends Origin {
  readonly config: GatewayConfig;
  /** Settings that work, but probably not as intended. */
  readonly warnings: readonly Problem[];
  /** What was found about a part of it afterwards, with its place in the files. */
  readonly problemAt: (finding: Finding) => Problem;
}

/** The input for a configuration. */
interface Material {
  /** Plain data; undefined for an empty file. */
  readonly value: unknown;
  /** Errors that are already known. */
  readonly findings: readonly Finding[];
  /** Warnings that are already known. Default: none. */
  readonly warnings?: readonly Finding[];
  readonly positions: Positions;
  readonly origin: Origin;
  readonly source: Source;
  /** The names that modules have registered. Default: any name is allowed, because a module may register it. */
  readonly known?: KnownNames;
  /** Default: those of this version. */
  readonly unsupported?: readonly UnsupportedKey[] | undefined;
}

/** The checks of a configuration as a whole. */
const wholeChecks = [
  checkListeners,
  checkUpstreams,
  checkRetries,
  checkRoutes,
  checkProtectedPaths,
  checkSecurity,
  checkGateway,
  checkIncludes,
  checkMasks,
];

/**
 * Makes a configuration from plain data: reads the data into the classes, validates them, fills in dependent values and checks
 * the whole.
 * @throws ConfigError with all problems at once.
 */
export function compile(material: Material): LoadedConfig {
  const { value, positions, source, origin, known = {} } = material;
  const findings: Collected[] = [...material.findings];
  if (!isBlock(value)) {
    const message =
      value === undefined
        ? `the configuration is empty: the smallest one is ${smallestFile}`
        : `found ${describeFound(value)}, expected a block; the smallest configuration is ${smallestFile}`;
    throw new ConfigError(locate(findings.length > 0 ? findings : [{ path: [], message }], positions), origin);
  }
  const config = instantiate(GatewayConfig, value, source);
  const errors = validateSync(config, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false });
  const warnings: Finding[] = [...(material.warnings ?? [])];
  const unsupported: Finding[] = [];
  const checks: CheckContext = {
    config,
    known,
    name: path => nameOf(path, positions),
    report: finding => findings.push(finding),
    warn: finding => warnings.push(finding),
  };
  checkUnsupported(
    { ...checks, report: finding => unsupported.push(finding) },
    material.unsupported ?? unsupportedKeys,
  );
  const collected = collectFindings(errors);
  salvage(config);
  fill(config);
  for (const check of wholeChecks) check(checks);
  // A missing certificate is no useful error when TLS is refused as unsupported anyway.
  const relevant = collected.filter(
    ({ isFile, path }) => !isFile || !unsupported.some(each => isBelow(path, each.path)),
  );
  const problems = locate([...findings, ...relevant, ...unsupported], positions);
  if (problems.length > 0) throw new ConfigError(problems, origin);
  rememberPlain(config, value, source.baseDir, positions);
  const problemAt = (finding: Finding): Problem => locate([finding], positions)[0]!;
  return { config, warnings: locate(warnings, positions), problemAt, ...origin };
}

/** A part of the configuration, for messages about another one; with its place, where that may be in another file. */
function nameOf(path: Finding['path'], positions: Positions): string {
  const place = positions.files.length > 1 ? positions.find(path, 'value') : undefined;
  return place === undefined ? formatPath(path) : `${formatPath(path)} (${formatPlace(place)})`;
}

function isBelow(path: Finding['path'], ancestor: Finding['path']): boolean {
  return ancestor.every((step, index) => path[index] === step);
}

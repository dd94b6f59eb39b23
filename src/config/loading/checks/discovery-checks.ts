import { isIP } from 'node:net';
import { builtInDiscoveries, DiscoveryConfig, type DiscoveryChoice } from '../../file/discovery.config.js';
import { isRefused, isWritten } from '../../language/fields.js';
import type { Path } from '../findings.js';
import { checkChoice, type CheckContext } from './check.js';

/** The keys that say how `dns` is looked up. */
const ofDns = ['type', 'port', 'scheme', 'refresh', 'resolvers'];

/** Checks how the backends of an upstream are found. `path`: that of the block. */
export function checkDiscovery(
  context: CheckContext,
  path: Path,
  discovery: DiscoveryConfig | DiscoveryChoice | undefined,
): void {
  if (discovery instanceof DiscoveryConfig) checkBuiltIn(context, path, discovery);
  else if (discovery !== undefined) checkRegistered(context, path, discovery);
}

/** Whether backends may be found that speak TLS. */
export function mayFindTls(discovery: DiscoveryConfig | DiscoveryChoice | undefined): boolean {
  if (!(discovery instanceof DiscoveryConfig)) return discovery !== undefined;
  return discovery.file !== undefined || discovery.scheme === 'https';
}

function checkBuiltIn({ report }: CheckContext, path: Path, discovery: DiscoveryConfig): void {
  const [dns, file] = builtInDiscoveries.map(key => isWritten(discovery, key));
  if (dns === file) {
    const message = dns
      ? 'dns and file exclude each other'
      : 'missing what finds the backends: dns with a port, file, or name';
    report({ path, message, at: 'key' });
  } else if (file) {
    for (const key of ofDns.filter(each => isWritten(discovery, each)))
      report({ path: [...path, key], message: 'it belongs to dns, and the backends are in a file', at: 'key' });
  } else checkDns({ report }, path, discovery);
}

function checkDns({ report }: Pick<CheckContext, 'report'>, path: Path, discovery: DiscoveryConfig): void {
  const { dns, type } = discovery;
  if (dns !== undefined && isIP(dns) > 0) {
    const message = `${dns} is an address and not a name to look up: write it among the backends`;
    report({ path: [...path, 'dns'], message });
  }
  if (isRefused(discovery, 'type')) return;
  if (type === 'SRV' && isWritten(discovery, 'port')) {
    report({ path: [...path, 'port'], message: 'records of type SRV carry the port: leave it out', at: 'key' });
  } else if (type !== 'SRV' && !isWritten(discovery, 'port')) {
    report({ path, message: `records of type ${type} carry no port: give one`, at: 'key' });
  }
}

function checkRegistered(context: CheckContext, path: Path, choice: DiscoveryChoice): void {
  const own = builtInDiscoveries.find(each => each === choice.name);
  if (own === undefined) return checkChoice(context, { path, kind: 'discovery', choice });
  const example = own === 'dns' ? '{ dns: orders.internal, port: 3000 }' : '{ file: backends.yaml }';
  context.report({ path, message: `${own} is no name but a key here: discovery: ${example}` });
}

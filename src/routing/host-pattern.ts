import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { parseHost } from '../http/host.js';

/**
 * Hosts of one route that are equally specific. `labels` counts those after `*.`: a longer wildcard is more specific.
 * Of the hosts of one group at most one matches a request.
 */
export interface HostGroup {
  readonly kind: 'exact' | 'wildcard' | 'any';
  readonly labels: number;
  /** Lower case; wildcards without their `*.`. Empty for `any`. */
  readonly names: readonly string[];
}

const ANY: HostGroup = { kind: 'any', labels: 0, names: [] };
const rank = { exact: 0, wildcard: 1, any: 2 } as const;

/**
 * Sorts the hosts of a route into groups, the most specific first. An empty list and `*` mean any host. International names are
 * turned into their ASCII form; IPv6 addresses may be written without brackets. Throws an Error for a text that is no host
 * name, and for a host with a port.
 */
export function hostGroups(hosts: readonly string[]): HostGroup[] {
  if (hosts.length === 0) return [ANY];
  const groups = new Map<string, HostGroup & { names: string[] }>();
  for (const text of hosts) {
    if (text === '*') {
      groups.set('any', { ...ANY, names: [] });
      continue;
    }
    const kind = text.startsWith('*.') ? 'wildcard' : 'exact';
    const name = hostName(kind === 'wildcard' ? text.slice(2) : text, text);
    const labels = kind === 'wildcard' ? name.split('.').length : 0;
    const group = groups.get(`${kind} ${labels}`) ?? { kind, labels, names: [] };
    if (!group.names.includes(name)) group.names.push(name);
    groups.set(`${kind} ${labels}`, group);
  }
  return [...groups.values()].sort(compareHostGroups);
}

/** Negative when `a` is more specific: exact, then the longer wildcard, then any. */
export function compareHostGroups(a: HostGroup, b: HostGroup): number {
  return rank[a.kind] - rank[b.kind] || b.labels - a.labels;
}

/** Whether every host of `narrow` is one of `wide`. */
export function includesHosts(wide: HostGroup, narrow: HostGroup): boolean {
  if (wide.kind === 'any') return true;
  if (narrow.kind === 'any') return false;
  return narrow.names.every(name => wide.names.some(each => includesName(wide, each, narrow, name)));
}

function includesName(wide: HostGroup, each: string, narrow: HostGroup, name: string): boolean {
  if (wide.kind === 'exact') return narrow.kind === 'exact' && each === name;
  return name.endsWith(`.${each}`) || (narrow.kind === 'wildcard' && each === name);
}

function hostName(name: string, text: string): string {
  const ascii = isIPv6(name) ? `[${name}]` : /^[\x00-\x7f]*$/.test(name) ? name : domainToASCII(name);
  const authority = parseHost(ascii);
  if (authority === undefined) throw new Error(`host "${text}" is not a host name (a wildcard is *.name)`);
  if (ascii.replace(/^\[.*\]/, '').includes(':'))
    throw new Error(`host "${text}" must not have a port: routes match on any port`);
  return authority.host;
}

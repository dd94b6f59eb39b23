import { caddy } from '#bench/subjects/caddy';
import { gatehouse } from '#bench/subjects/gatehouse';
import { haproxy } from '#bench/subjects/haproxy';
import { nginx } from '#bench/subjects/nginx';
import { fastifyHttpProxy, httpProxyMiddleware } from '#bench/subjects/node-proxies';
import type { Subject } from '#bench/subjects/subject';
import { tcpRelay } from '#bench/subjects/tcp-relay';

/** The name of the row of another build of the gateway. */
export const before = 'gatehouse-before';

/**
 * Chooses who takes part in a run.
 *
 * @param only - names, separated by commas; all when absent, or the two builds when they are compared
 * @param compare - the place of another build of the gateway
 * @throws an error that lists the known names
 */
export function chooseSubjects(only?: string, compare?: string): Subject[] {
  const ours = gatehouse();
  const builds = compare === undefined ? [ours] : [ours, gatehouse(before, compare)];
  const all = [...builds, nginx, haproxy, caddy, fastifyHttpProxy, httpProxyMiddleware, tcpRelay];
  const names = only?.split(',') ?? (compare === undefined ? all : builds).map(one => one.name);
  const unknown = names.find(name => !all.some(one => one.name === name));
  if (unknown !== undefined) throw new Error(`unknown proxy "${unknown}": ${all.map(one => one.name).join(', ')}`);
  return all.filter(one => names.includes(one.name));
}

/** Splits proxies into those that are installed here and those that are not. */
export function partition(subjects: readonly Subject[]): { present: Subject[]; absent: Subject[] } {
  const present = subjects.filter(one => one.version() !== undefined);
  return { present, absent: subjects.filter(one => !present.includes(one)) };
}

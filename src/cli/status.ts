import type { BackendView, LatencyView, StatusView, TrafficFigures, UpstreamView } from '../admin/api/views.js';
import { AdminClient, type AdminOptions, type Member } from './admin-client.js';
import { exitCode } from './exit-code.js';
import { age, milliseconds, percent, plain, table } from './table.js';

/** Options of commands that show something. */
export interface ShowOptions extends AdminOptions {
  readonly json?: boolean;
}

/** `gatehouse status`: what goes on in a running gateway. */
export function status(options: ShowOptions): Promise<number> {
  return show<StatusView>('/status', 'configuration', options, view => statusText(view, Date.now()));
}

/** `gatehouse upstreams`: the backends of a running gateway, and why those are out that are. */
export function upstreams(options: ShowOptions): Promise<number> {
  return show<readonly UpstreamView[]>('/upstreams', 'backends', options, upstreamsText);
}

async function show<T>(
  path: string,
  member: Member<T>,
  options: ShowOptions,
  textOf: (view: T) => string,
): Promise<number> {
  const client = AdminClient.findOrUsual(options, process.env);
  if (typeof client === 'number') return client;
  const answer = await client.ask<T>('GET', path, member);
  if ('code' in answer) return answer.code;
  process.stdout.write(`${options.json === true ? JSON.stringify(answer.body, null, 2) : textOf(answer.body)}\n`);
  return exitCode.ok;
}

/** A status for people. `now`: milliseconds since 1970. */
export function statusText(view: StatusView, now: number): string {
  const { configuration, errors, limits, listeners, routes, state, streams, threads, traffic, tunnels, version } = view;
  const { hash, lastReload, loadedAt, pending, refusal } = configuration;
  const since = (time: string): string => age(now - Date.parse(time));
  const parts = [
    `gatehouse ${version.version} is ${state}, for ${since(version.startedAt)} (process ${version.pid}, node ${version.node})`,
    `configuration ${hash}, for ${since(loadedAt)}${lastReload === undefined ? '' : `; read again ${since(lastReload.time)} ago: ${lastReload.result}`}`,
    ...(refusal === undefined ? [] : [`the file that was read last was refused: ${plain(refusal)}`]),
    ...pending,
    ...listeners.map(({ connections, name, url }) => `listener ${name}: ${url}, ${connections} connections`),
    `in flight: ${traffic.inFlight}; event streams: ${streams}; tunnels: ${tunnels}`,
  ];
  const rows = [
    ['LAST MINUTE', ...figureTitles],
    ['all', ...figures(traffic)],
    ...routes.slice(0, 20).map(route => [`route ${route.name}`, ...figures(route)]),
  ];
  const sections = [parts.join('\n'), table(rows), upstreamsText(view.upstreams)];
  if (threads.length > 1)
    sections.push(table([['THREAD', 'STATE', 'IN FLIGHT', 'BUSY', 'DELAY', 'HEAP'], ...threads.map(threadCells)]));
  if (limits.length > 0) sections.push(table([['LIMIT', 'BACKEND', 'REFUSED', 'WAITING'], ...limits.map(limitCells)]));
  const certificates = view.certificates.map(({ daysLeft, file, listener }) => [listener, file, `${daysLeft} days`]);
  if (certificates.length > 0) sections.push(table([['LISTENER', 'CERTIFICATE', 'LEFT'], ...certificates]));
  const last = errors.slice(0, 5).map(error => {
    const { error: code, path, reason, route, status: got, time } = error;
    return [time, String(got), code ?? '-', route ?? '-', plain(path), plain(reason ?? '')];
  });
  if (last.length > 0) sections.push(table([['LAST ERRORS', 'STATUS', 'ERROR', 'ROUTE', 'PATH', 'REASON'], ...last]));
  return sections.join('\n\n');
}

/** The upstreams for people. */
export function upstreamsText(all: readonly UpstreamView[]): string {
  const titles = ['BACKEND', 'STATE', 'WEIGHT', 'IN FLIGHT', 'BREAKER', ...figureTitles];
  const rows = all.flatMap(({ backends, gone = [], name }) => [
    ...backends.map(backend => backendCells(name, backend)),
    ...gone.map(({ id }) => [`${name}/${id}`, 'gone; set by hand']),
  ]);
  const notes = all.flatMap(({ discoveryFailure, name, panicking }) => [
    ...(panicking === true ? [`${name}: too many backends are out: requests go to them in spite of it`] : []),
    ...(discoveryFailure === undefined
      ? []
      : [`${name}: its backends cannot be found now: ${plain(discoveryFailure)}`]),
  ]);
  return [table([titles, ...rows]), ...notes].join('\n');
}

function backendCells(upstream: string, backend: BackendView): string[] {
  const { backup, breaker, byHand, configuredWeight, inFlight, reasons = {}, traffic, vetoes, weight } = backend;
  const why = vetoes.map(veto => (reasons[veto] === undefined ? veto : `${veto} (${plain(reasons[veto])})`));
  const changed = byHand?.weight !== undefined && configuredWeight !== undefined ? ` (file: ${configuredWeight})` : '';
  const retry = breaker?.retryIn === undefined ? '' : `, tries in ${milliseconds(breaker.retryIn)}`;
  return [
    `${upstream}/${backend.id}`,
    why.join(', ') || (backup ? 'backup' : 'ok'),
    `${weight}${changed}`,
    String(inFlight),
    `${breaker?.state ?? '-'}${retry}`,
    ...figures(traffic),
  ];
}

const figureTitles = ['REQUESTS', 'PER SECOND', 'FAILED', 'P50', 'P90', 'P99'];

function figures(of: TrafficFigures | undefined): string[] {
  if (of === undefined) return figureTitles.map(() => '-');
  const quantile = (name: keyof LatencyView): string =>
    of.latency === undefined ? '-' : milliseconds(of.latency[name]);
  const failed = of.failed === 0 ? '0' : `${of.failed} (${percent(of.failedShare)})`;
  return [String(of.requests), of.perSecond.toFixed(1), failed, quantile('p50'), quantile('p90'), quantile('p99')];
}

function threadCells({ busy, heapUsed, inFlight, loopDelay, state, thread }: StatusView['threads'][number]): string[] {
  return [
    thread,
    state,
    inFlight === undefined ? '-' : String(inFlight),
    busy === undefined ? '-' : percent(busy),
    loopDelay === undefined ? '-' : milliseconds(loopDelay),
    heapUsed === undefined ? '-' : `${Math.round(heapUsed / 1_048_576)} MiB`,
  ];
}

function limitCells({ backend, limit, refused, waiting }: StatusView['limits'][number]): string[] {
  return [limit, backend ?? '-', String(refused ?? '-'), String(waiting ?? '-')];
}

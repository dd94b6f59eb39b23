import { HttpException, Inject, Injectable } from '@nestjs/common';
import { effectiveConfig } from '../../config/showing/effective-config.js';
import type { CertificateReading } from '../../metrics/certificate-metrics.js';
import type { RecentFailure } from '../../metrics/recent/recent-failures.js';
import { didYouMean } from '../../spelling/nearest.js';
import { ADMIN_SOURCES, type AdminSources } from '../admin-sources.js';
import type {
  CertificateView,
  ConfigVersionView,
  ConfigView,
  ErrorListView,
  ErrorView,
  LastingListView,
  LastingView,
  ListenerView,
  RouteView,
  StatusView,
  ThreadView,
  UpstreamView,
  VersionView,
} from '../api/views.js';
import type { LastingReport, ThreadReport, ThreadReports } from './thread-report.js';
import { figuresView, limitViews, routeTraffic, sumOf, trafficView } from './traffic-views.js';
import { upstreamViews } from './upstream-views.js';

const day = 24 * 3_600_000;
/** Errors in a status, of clients and of others each. */
const fewErrors = 20;
const startedAt = Date.now() - performance.now();

/** An upstream and a backend, each where it is named. */
interface Place {
  readonly upstream?: string | undefined;
  readonly backend?: string | undefined;
}

/** Makes what the admin API answers: for requests, for the live feed and for commands. */
@Injectable()
export class LiveViews {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  get version(): VersionView {
    const { version } = this.sources;
    return { version, node: process.version, pid: process.pid, startedAt: isoTime(startedAt) };
  }

  get configVersion(): ConfigVersionView {
    const { hash, lastReload, pending, since } = this.sources.configVersion();
    const refusal = this.sources.configRefusal();
    return {
      hash: hash.toString(16).padStart(12, '0'),
      loadedAt: isoTime(since),
      pending,
      ...(refusal !== undefined && { refusal }),
      ...(lastReload && { lastReload: { time: isoTime(lastReload.time), result: lastReload.result } }),
    };
  }

  get config(): ConfigView {
    return { ...this.configVersion, configuration: effectiveConfig(this.sources.config()) };
  }

  async upstreams(): Promise<readonly UpstreamView[]> {
    return upstreamViews(this.sources, await this.sources.reports(), Date.now());
  }

  /** The route table, with the traffic of each route. */
  async routes(): Promise<readonly RouteView[]> {
    const { reports } = await this.sources.reports();
    const sums = sumOf(reports.map(({ report }) => report.routes));
    const now = Date.now();
    return this.sources.routes().map(row => {
      const counted = sums.get(row.name);
      return counted === undefined ? row : { ...row, traffic: figuresView(counted, now) };
    });
  }

  /** The first open event streams or tunnels, at most `most`, and how many there are. */
  async lasting(kind: 'stream' | 'tunnel', most: number): Promise<LastingListView> {
    const { missing, reports } = await this.sources.reports({ [kind === 'stream' ? 'streams' : 'tunnels']: most });
    const all = reports.map(({ report }) => report);
    const listed = all.flatMap(({ lasting }) => lasting).slice(0, most);
    const now = Date.now();
    return {
      open: countOf(all, kind === 'stream' ? 'streams' : 'tunnels'),
      listed: listed.map(each => lastingView(each, now)),
      ...(missing.length > 0 && { missing }),
    };
  }

  /** The last failures and refusals, at most `most`. `isWanted`: leaves out those for which it is false. */
  async errors(most: number, isWanted: (failure: RecentFailure) => boolean = () => true): Promise<ErrorListView> {
    const { missing, reports } = await this.sources.reports({ failures: true });
    const errors = errorViews(reports, most, isWanted);
    return { errors, ...(missing.length > 0 && { missing }) };
  }

  /** The routes that a text names, one or several with commas between them. Refuses with 404 one that there is not. */
  routeNames(text: string): readonly string[] {
    // `none` is for requests that no route matches.
    const known = new Set(['none', ...this.sources.routes().map(({ name }) => name)]);
    const names = known.has(text) ? [text] : text.split(',');
    for (const name of names) if (!known.has(name)) throw notKnown('route', name, known);
    return names;
  }

  /** The upstream and the backend that are meant: `backend` may be an id, or `UPSTREAM/ID`. Refuses with 404 what there is not. */
  placeOf({ upstream, backend }: Place): Place {
    const all = Array.from(this.sources.upstreams());
    const names = new Set(all.map(({ name }) => name));
    if (upstream !== undefined && !names.has(upstream)) throw notKnown('upstream', upstream, names);
    if (backend === undefined) return { upstream, backend };
    const places = all
      .filter(({ name }) => upstream === undefined || name === upstream)
      .flatMap(({ name, backends }) => backends.map(({ id }) => ({ upstream: name, backend: id })));
    const full = places.find(place => `${place.upstream}/${place.backend}` === backend);
    if (full !== undefined) return full;
    const ids = new Set(places.map(place => place.backend));
    if (!ids.has(backend)) throw notKnown('backend', backend, ids);
    return { upstream, backend };
  }

  async certificates(): Promise<readonly CertificateView[]> {
    return certificateViews((await this.sources.reports()).reports, Date.now());
  }

  /** All that goes on now. */
  async status(): Promise<StatusView> {
    const reported = await this.sources.reports({ failures: true });
    const { reports } = reported;
    const all = reports.map(({ report }) => report);
    const now = Date.now();
    return {
      time: isoTime(now),
      state: this.sources.readiness.state,
      version: this.version,
      configuration: this.configVersion,
      listeners: this.#listeners(all),
      threads: this.#threads(reported),
      traffic: trafficView(all, now),
      routes: routeTraffic(all, now),
      upstreams: upstreamViews(this.sources, reported, now),
      streams: countOf(all, 'streams'),
      tunnels: countOf(all, 'tunnels'),
      errors: lastErrors(reports),
      limits: limitViews(all),
      certificates: certificateViews(reports, now),
    };
  }

  #listeners(reports: readonly ThreadReport[]): ListenerView[] {
    const connections = new Map<string, number>();
    for (const { connections: count, listener } of reports.flatMap(({ listeners }) => listeners))
      connections.set(listener, (connections.get(listener) ?? 0) + count);
    return this.sources.listeners().map(({ name, url }) => ({ name, url, connections: connections.get(name) ?? 0 }));
  }

  #threads({ missing, reports }: ThreadReports): ThreadView[] {
    const running = reports.map(({ report, thread }) => threadView(thread, report));
    const silent = missing.map(thread => ({ thread: nameOf(thread), state: 'silent' as const }));
    const absent = this.sources
      .workers()
      .filter(({ isRunning, thread }) => !isRunning && !missing.includes(thread))
      .map(({ thread }) => ({ thread: nameOf(thread), state: 'absent' as const }));
    return [...running, ...silent, ...absent];
  }
}

function notKnown(what: string, name: string, known: ReadonlySet<string>): HttpException {
  const near = didYouMean(name, known);
  const some = [...known].slice(0, 10).join(', ') + (known.size > 10 ? ', …' : '');
  return new HttpException({ detail: `no ${what} is named "${name}"${near || ` (known: ${some || 'none'})`}` }, 404);
}

function threadView(thread: number, { busy, heapUsed, inFlight, loopDelay }: ThreadReport): ThreadView {
  return {
    thread: nameOf(thread),
    state: 'running',
    inFlight,
    busy: Math.round(busy * 1_000) / 1_000,
    loopDelay: Math.round(loopDelay),
    heapUsed,
  };
}

function nameOf(thread: number): string {
  return thread === 0 ? 'main' : String(thread);
}

function countOf(reports: readonly ThreadReport[], kind: 'streams' | 'tunnels'): number {
  return reports.reduce((sum, report) => sum + report[kind], 0);
}

function errorViews(
  reports: ThreadReports['reports'],
  most: number,
  isWanted: (failure: RecentFailure) => boolean = () => true,
): ErrorView[] {
  return reports
    .flatMap(({ report }) => report.failures)
    .filter(isWanted)
    .toSorted((one, other) => other.time - one.time)
    .slice(0, most)
    .map(({ duration, time, ...failure }) => ({
      time: isoTime(time),
      ...failure,
      duration: Math.round(duration * 1_000) / 1_000,
    }));
}

/** The last errors, the newest first: so many of each kind that a flood of refusals does not hide a failure. */
function lastErrors(reports: ThreadReports['reports']): ErrorView[] {
  const ofClients = errorViews(reports, fewErrors, ({ fault }) => fault === 'client');
  const others = errorViews(reports, fewErrors, ({ fault }) => fault !== 'client');
  return [...ofClients, ...others].toSorted((one, other) => Date.parse(other.time) - Date.parse(one.time));
}

/** Each worker serves the same certificates: the one that expires soonest counts, as a thread may not have read the new one yet. */
function certificateViews(reports: ThreadReports['reports'], now: number): CertificateView[] {
  const soonest = new Map<string, CertificateReading>();
  for (const reading of reports.flatMap(({ report }) => report.certificates)) {
    const key = JSON.stringify([reading.listener, reading.certificate]);
    const known = soonest.get(key);
    if (known === undefined || reading.expiry < known.expiry) soonest.set(key, reading);
  }
  return Array.from(soonest.values(), ({ certificate, expiry, listener, names = [] }) => ({
    listener,
    file: certificate,
    names,
    expires: isoTime(expiry * 1_000),
    daysLeft: Math.floor((expiry * 1_000 - now) / day),
  }));
}

function lastingView({ age, kind: _, ...state }: LastingReport, now: number): LastingView {
  return { ...state, openedAt: isoTime(now - age) };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

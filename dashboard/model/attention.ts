import type { StatusView } from '../../src/admin/api/views.js';
import { backendState, byHandLines, upstreamState, type Tone } from './backend-state.js';
import { count, countdown, duration, milliseconds, percent, plural } from './format.js';

/** Something that an operator should know of. */
export interface Notice {
  readonly tone: Extract<Tone, 'bad' | 'warn' | 'busy'>;
  /** What it is about, such as a backend. */
  readonly about: string;
  readonly says: string;
}

/** Days before the end of a certificate from which on it is told of. */
const soon = 21;
/** Milliseconds by which an event loop may be late. */
const late = 500;
const order = { bad: 0, warn: 1, busy: 2 };

/** What needs attention, the worst first; empty: all is well. */
export function notices(status: StatusView): readonly Notice[] {
  const all = [...ofState(status), ...ofUpstreams(status), ...ofTraffic(status), ...ofProgram(status)];
  return all.toSorted((one, other) => order[one.tone] - order[other.tone]);
}

function ofState({ configuration, state }: StatusView): Notice[] {
  const all: Notice[] = [];
  if (state === 'draining') all.push({ tone: 'warn', about: 'gateway', says: 'ends: it takes no new clients' });
  if (state === 'starting') all.push({ tone: 'busy', about: 'gateway', says: 'starts' });
  if (state === 'unserved') all.push({ tone: 'bad', about: 'gateway', says: 'serves no traffic: see health' });
  if (configuration.refusal !== undefined)
    all.push({
      tone: 'bad',
      about: 'configuration',
      says: `refused, the one before is in force: ${configuration.refusal}`,
    });
  if (configuration.pending.length > 0)
    all.push({
      tone: 'busy',
      about: 'configuration',
      says: `${plural(configuration.pending.length, 'change')} only with the next start: ${configuration.pending.join('; ')}`,
    });
  return all;
}

function ofUpstreams({ time, upstreams }: StatusView): Notice[] {
  const now = Date.parse(time);
  return upstreams.flatMap(upstream => {
    const { tone, word, reasons } = upstreamState(upstream);
    const whole = tone === 'bad' || reasons.length > 0;
    const own: Notice[] = whole
      ? [{ tone: tone === 'bad' ? 'bad' : 'warn', about: upstream.name, says: [word, ...reasons].join(': ') }]
      : [];
    const each = upstream.backends.flatMap((backend): Notice[] => {
      const shown = backendState(backend);
      const about = `${upstream.name}/${backend.id}`;
      if (shown.tone === 'bad') {
        const { retryIn } = backend.breaker ?? {};
        const tries = retryIn === undefined ? [] : [`tries in ${countdown(retryIn)}`];
        return [{ tone: 'bad', about, says: [shown.word, ...shown.reasons, ...tries].join(', ') }];
      }
      const byHand = byHandLines(backend.byHand, now);
      return byHand.length === 0 ? [] : [{ tone: 'busy', about, says: byHand.join(', ') }];
    });
    const gone = (upstream.gone ?? []).map(({ id, byHand }): Notice => ({
      tone: 'busy',
      about: `${upstream.name}/${id}`,
      says: `not there now; ${byHandLines(byHand, now).join(', ')}`,
    }));
    return [...own, ...each, ...gone];
  });
}

function ofTraffic({ limits, traffic }: StatusView): Notice[] {
  const all = limits.map(({ backend, limit, refused, waiting }): Notice => {
    const says = [
      ...(refused === undefined ? [] : [`${count(refused)} refused in the last minute`]),
      ...(waiting === undefined ? [] : [`${count(waiting)} waiting`]),
    ].join(', ');
    return { tone: 'warn', about: [limit, backend].filter(Boolean).join(' of '), says };
  });
  if (traffic.failedShare >= 0.01)
    all.push({
      tone: traffic.failedShare >= 0.05 ? 'bad' : 'warn',
      about: 'traffic',
      says: `${percent(traffic.failedShare)} of the requests failed in the last minute`,
    });
  return all;
}

function ofProgram({ certificates, threads }: StatusView): Notice[] {
  const ending = certificates.filter(({ daysLeft }) => daysLeft <= soon);
  return [
    ...ending.map(({ daysLeft, file, names }): Notice => {
      const left = daysLeft < 0 ? 'has expired' : `expires in ${plural(daysLeft, 'day')}`;
      return { tone: daysLeft <= 7 ? 'bad' : 'warn', about: names[0] ?? file, says: `its certificate ${left}` };
    }),
    ...threads.flatMap(({ loopDelay = 0, state, thread }): Notice[] => {
      const about = thread === 'main' ? 'main thread' : `thread ${thread}`;
      if (state !== 'running')
        return [{ tone: 'bad', about, says: state === 'silent' ? 'does not answer' : 'is being replaced' }];
      return loopDelay < late ? [] : [{ tone: 'warn', about, says: `was late by ${milliseconds(loopDelay)}` }];
    }),
  ];
}

/** How long the gateway runs, and since when its configuration is in force, by its own clock. */
export function ages({ configuration, time, version }: StatusView): { readonly up: string; readonly loaded: string } {
  const since = (moment: string): string => duration(Date.parse(time) - Date.parse(moment));
  return { up: since(version.startedAt), loaded: since(configuration.loadedAt) };
}

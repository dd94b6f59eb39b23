import type { BackendView, ByHandView, UpstreamView } from '../../src/admin/api/views.js';
import { countdown } from './format.js';

/** How a state is shown: each tone has a colour and a shape of its own. */
export type Tone = 'good' | 'idle' | 'busy' | 'warn' | 'bad';

/** A state in a word, with what is known of its reason. */
export interface Shown {
  readonly tone: Tone;
  readonly word: string;
  readonly reasons: readonly string[];
}

const vetoWords: Readonly<Record<string, string>> = {
  'circuit-open': 'circuit open',
  draining: 'draining',
  removed: 'removed',
  unhealthy: 'unhealthy',
};

/** The state of a backend: its first veto, and the reasons of all but what is set by hand. One that is only drained is not broken. */
export function backendState(backend: BackendView): Shown {
  const { available, backup, breaker, inFlight, reasons = {}, vetoes, weight } = backend;
  if (available) {
    // Each thread has a breaker of its own, and the worst is shown.
    if (breaker?.state === 'open')
      return { tone: 'warn', word: 'up in part', reasons: ['its circuit is open in some threads'] };
    if (weight === 0) return { tone: 'idle', word: 'weight 0', reasons: [] };
    return { tone: 'good', word: backup ? 'backup' : 'up', reasons: [] };
  }
  const words = vetoes.map(veto => vetoWords[veto] ?? veto);
  const isDrained = vetoes.every(veto => veto === 'draining' || veto === 'removed');
  const isEmpty = isDrained && inFlight === 0;
  return {
    tone: isDrained ? 'busy' : 'bad',
    word: isEmpty && words[0] === 'draining' ? 'drained' : (words[0] ?? 'out'),
    reasons: vetoes.flatMap((veto, index) => {
      const reason = reasons[veto];
      // What is set by hand is told with the time that is left.
      if (reason === undefined || reason.startsWith('by hand')) return index === 0 ? [] : [words[index]!];
      return [index === 0 ? reason : `${words[index]}: ${reason}`];
    }),
  };
}

/** The breaker of a backend, in words: `open, tries in 8 s`. */
export function breakerState({ breaker, byHand }: BackendView): Shown | undefined {
  if (breaker === undefined) return undefined;
  switch (breaker.state) {
    case 'closed':
      return { tone: 'good', word: 'closed', reasons: [] };
    case 'disabled':
      return { tone: 'idle', word: 'off', reasons: [] };
    case 'half-open':
      return { tone: 'warn', word: 'half-open', reasons: ['tries a request'] };
    case 'open':
      if (byHand?.breaker !== undefined) return { tone: 'bad', word: 'open', reasons: ['by hand'] };
      if (breaker.retryIn === undefined) return { tone: 'bad', word: 'open', reasons: [] };
      return { tone: 'bad', word: 'open', reasons: [`tries in ${countdown(breaker.retryIn)}`] };
  }
}

/** What is set by hand, a line each: `drained, 9 min left`. `now`: milliseconds since 1970, of the gateway's clock. */
export function byHandLines(byHand: ByHandView | undefined, now: number): string[] {
  if (byHand === undefined) return [];
  const left = (until: string | undefined): string =>
    until === undefined ? '' : `, ${countdown(Date.parse(until) - now)} left`;
  return [
    ...(byHand.drained === undefined ? [] : [`drained by hand${left(byHand.drained.until)}`]),
    ...(byHand.weight === undefined ? [] : [`weight ${byHand.weight.value} by hand${left(byHand.weight.until)}`]),
    ...(byHand.breaker === undefined ? [] : [`held open by hand${left(byHand.breaker.until)}`]),
  ];
}

/** The state of an upstream: by how many of its backends may be used. */
export function upstreamState({ backends, discoveryFailure, panicking }: UpstreamView): Shown {
  const up = backends.filter(({ available }) => available).length;
  const word = `${up} of ${backends.length} up`;
  const reasons = discoveryFailure === undefined ? [] : [`its backends cannot be found: ${discoveryFailure}`];
  if (backends.length === 0) return { tone: 'bad', word: 'no backends', reasons };
  if (panicking === true)
    return {
      tone: 'bad',
      word: `panic: ${word}`,
      reasons: ['too many are out: requests go to them in spite of it', ...reasons],
    };
  if (up === 0) return { tone: 'bad', word, reasons };
  const isBroken = backends.some(backend => backendState(backend).tone === 'bad');
  return { tone: isBroken || reasons.length > 0 ? 'warn' : up < backends.length ? 'busy' : 'good', word, reasons };
}

/** Backends of an upstream that are listed without being asked for. */
const few = 12;

/**
 * The backends of an upstream that are listed while it is folded, in the order of the configuration: those with trouble, those that were shown before
 * (so that a row does not vanish below its reader's hand), and the first others.
 */
export function listed(backends: readonly BackendView[], shown: ReadonlySet<string>): readonly BackendView[] {
  if (backends.length <= few) return backends;
  const isOdd = (backend: BackendView): boolean => backendState(backend).tone !== 'good' || shown.has(backend.id);
  const odd = new Set(backends.filter(isOdd).slice(0, few * 5));
  for (const backend of backends) {
    if (odd.size >= few) break;
    odd.add(backend);
  }
  return backends.filter(backend => odd.has(backend));
}

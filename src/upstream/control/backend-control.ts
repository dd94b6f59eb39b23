import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { LivePart, Transition } from '../../config/live/transition.js';
import { didYouMean } from '../../spelling/nearest.js';
import type { LiveBackend } from '../live-backend.js';
import type { Upstream } from '../upstream.js';
import { Upstreams } from '../upstreams.js';
import { endsOf, isSameSetting, settingAt, settingLines, untilWords, type BackendSetting } from './backend-setting.js';
import { ControlLog, type CircuitAct, type ControlChange, type ControlReason } from './control-log.js';

/** For how long something is set, and who asks for it. */
export interface ControlOptions {
  /** Milliseconds after which it is lifted, up to 2^31 - 1 (24 days). Default: it stays until it is lifted or the gateway ends. */
  readonly for?: number | undefined;
  /** Who asks, for the log. */
  readonly by?: string | undefined;
}

/** No upstream of that name, or no backend of that id, is known. The message says which is meant, where one is near. */
export class UnknownBackendError extends Error {
  override readonly name = 'UnknownBackendError';
}

/** What is kept for a backend. */
interface Kept {
  setting: BackendSetting;
  /** Since when there is no such backend, in milliseconds since 1970; undefined: there is one. */
  goneSince: number | undefined;
}

/** Node fires longer timers at once. */
const longestTimer = 2 ** 31 - 1;
/** Milliseconds for which what is set for a backend is kept while there is no such backend: an address may be another server's by then. */
const keptFor = 24 * 3_600_000;
/** Beyond so many settings, those of backends that are gone are forgotten, those that have been gone longest first. */
const most = 1_000;
/** Lines of {@link BackendControl.lines} that are written out. */
const mostLines = 100;

/**
 * Drains backends and gives them other weights by hand while the gateway runs. What is set is known by the upstream's name and the backend's id: it
 * stays when the configuration is read again, when discovery finds others, and for a day while the backend is gone.
 *
 * - `drain`: no new requests; tunnels to the backend are closed, and event streams end behind their current event if another backend can go on; other requests in flight finish.
 * - a circuit is held open: as `drain`, but streams and tunnels stay. Circuits follow by {@link onChange}.
 * - `weight` 0: no new requests either, but event streams and tunnels stay. It is no veto: the backend counts as healthy.
 *
 * Times are those of the system's clock, so that all threads and processes of a gateway can have the same.
 */
@Injectable()
export class BackendControl implements LivePart, OnApplicationShutdown {
  /** By upstream, then by backend. */
  readonly #kept = new Map<string, Map<string, Kept>>();
  readonly #listeners = new Set<(change: ControlChange) => void>();
  readonly #actors = new Set<(act: CircuitAct) => void>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Made by Nest. @internal */
  constructor(
    private readonly upstreams: Upstreams,
    private readonly log: ControlLog,
  ) {
    upstreams.onFound(upstream => {
      for (const setting of this.#follow(upstream.name)) this.log.kept(setting);
    });
  }

  /** Drains a backend, until {@link undrain}. @throws UnknownBackendError; RangeError for a time that cannot be. */
  drain(upstream: string, backend: string, { for: time, by }: ControlOptions = {}): void {
    const until = untilAfter(time);
    this.#set(upstream, backend, { drained: { until } }, by);
  }

  /** Ends what {@link drain} has begun. Other vetoes of the backend stay. @throws UnknownBackendError */
  undrain(upstream: string, backend: string, { by }: Pick<ControlOptions, 'by'> = {}): void {
    this.#set(upstream, backend, { drained: undefined }, by);
  }

  /**
   * Gives a backend another weight than that of the configuration, a whole number from 0 to 1000, until {@link resetWeight}. 0: no new requests.
   * @throws UnknownBackendError; RangeError for a weight or a time that cannot be.
   */
  weight(upstream: string, backend: string, weight: number, { for: time, by }: ControlOptions = {}): void {
    if (!Number.isInteger(weight) || weight < 0 || weight > 1000)
      throw new RangeError(`a weight is a whole number from 0 to 1000, and not ${weight}`);
    const until = untilAfter(time);
    this.#set(upstream, backend, { weight: { value: weight, until } }, by);
  }

  /** Gives a backend the weight of the configuration again. @throws UnknownBackendError */
  resetWeight(upstream: string, backend: string, { by }: Pick<ControlOptions, 'by'> = {}): void {
    this.#set(upstream, backend, { weight: undefined }, by);
  }

  /** Holds the circuit of a backend open, until {@link closeCircuit} or {@link resetCircuit}. @throws UnknownBackendError; RangeError for a time that cannot be. */
  openCircuit(upstream: string, backend: string, { for: time, by }: ControlOptions = {}): void {
    const until = untilAfter(time);
    this.#set(upstream, backend, { circuit: { until } }, by);
  }

  /** Closes the circuit of a backend, also one that has opened by itself. Its window is kept: it may open again at the next failure. @throws UnknownBackendError */
  closeCircuit(upstream: string, backend: string, { by }: Pick<ControlOptions, 'by'> = {}): void {
    this.#act({ upstream, backend, act: 'close' }, by);
  }

  /** Closes the circuit of a backend, and forgets what has failed. @throws UnknownBackendError */
  resetCircuit(upstream: string, backend: string, { by }: Pick<ControlOptions, 'by'> = {}): void {
    this.#act({ upstream, backend, act: 'reset' }, by);
  }

  /** Does to a circuit what was done in another thread. */
  follow(act: CircuitAct): void {
    for (const listener of this.#actors) listener(act);
  }

  /** Calls `listener` when a circuit is to be closed or reset by hand, behind {@link onChange} for what was set. It must not throw. */
  onAct(listener: (act: CircuitAct) => void): void {
    this.#actors.add(listener);
  }

  /** What is set for a backend by hand; undefined: nothing. */
  of(upstream: string, backend: string): BackendSetting | undefined {
    return this.#kept.get(upstream)?.get(backend)?.setting;
  }

  /** All that is set by hand: plain data that {@link restore} puts into force, in another thread or process too. */
  snapshot(): readonly BackendSetting[] {
    return this.#all().map(({ setting }) => setting);
  }

  /** What is set for backends of an upstream that are not there now. */
  gone(upstream: string): readonly BackendSetting[] {
    const all = [...(this.#kept.get(upstream)?.values() ?? [])];
    return all.filter(({ goneSince }) => goneSince !== undefined).map(({ setting }) => setting);
  }

  /** Puts a {@link snapshot} into force, in the place of all that was set. Its backends need not be there yet. Writes no log lines. */
  restore(settings: readonly BackendSetting[]): void {
    const now = Date.now();
    const next = settings.flatMap(each => settingAt(now, each) ?? []);
    const stays = new Set(next.map(({ upstream, backend }) => keyOf(upstream, backend)));
    for (const { setting } of this.#all())
      if (!stays.has(keyOf(setting.upstream, setting.backend))) this.#put(setting, undefined, 'restored');
    for (const setting of next) this.#put(setting, setting, 'restored');
    this.#tidy();
  }

  /** Calls `listener` after each change of what is set by hand. It must not throw. Returns a function that stops that. */
  onChange(listener: (change: ControlChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What is set by hand, in words, a line each: `orders/10.0.0.1:3000 stays drained by hand`. */
  lines(): string[] {
    const lines = this.#all().flatMap(({ setting, goneSince }) =>
      settingLines(setting, true).map(line => (goneSince === undefined ? line : `${line} (it is not there now)`)),
    );
    const more = lines.length - mostLines;
    return more > 0 ? [...lines.slice(0, mostLines), `… and ${more} more by hand`] : lines;
  }

  prepare(transition: Transition): void {
    transition.onCommit(() => {
      for (const name of this.#kept.keys()) this.#follow(name);
    });
  }

  /** Ends its timer. What is set stays. */
  onApplicationShutdown(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #set(
    upstream: string,
    backend: string,
    part: Partial<Pick<BackendSetting, 'circuit' | 'drained' | 'weight'>>,
    by?: string,
  ): void {
    this.#check(upstream, backend);
    const before = this.of(upstream, backend);
    const after = { ...before, upstream, backend, ...part };
    this.#put({ upstream, backend }, settingAt(Date.now(), after), 'asked', by);
    this.#tidy();
  }

  #act(act: CircuitAct, by: string | undefined): void {
    const { backend, upstream } = act;
    this.#set(upstream, backend, { circuit: undefined }, by);
    this.log.acted(act, by);
    this.follow(act);
  }

  #check(upstream: string, backend: string): void {
    const names = new Set([...Array.from(this.upstreams, ({ name }) => name), ...this.#kept.keys()]);
    if (!names.has(upstream))
      throw new UnknownBackendError(unknown(`no upstream is named "${upstream}"`, upstream, names));
    const backends = this.#upstream(upstream)?.backends ?? [];
    const ids = new Set([...backends.map(({ id }) => id), ...(this.#kept.get(upstream)?.keys() ?? [])]);
    if (!ids.has(backend))
      throw new UnknownBackendError(unknown(`the upstream "${upstream}" has no backend "${backend}"`, backend, ids));
  }

  /** Keeps, applies and tells what is set for a backend from now on. */
  #put(
    place: Pick<BackendSetting, 'upstream' | 'backend'>,
    after: BackendSetting | undefined,
    reason: ControlReason,
    by?: string,
  ): void {
    const { upstream, backend } = place;
    const before = this.of(upstream, backend);
    if (isSameSetting(before, after)) return;
    const ofUpstream = this.#kept.get(upstream) ?? new Map<string, Kept>();
    const goneSince = ofUpstream.get(backend)?.goneSince;
    if (after !== undefined) ofUpstream.set(backend, { setting: after, goneSince });
    else ofUpstream.delete(backend);
    if (ofUpstream.size > 0) this.#kept.set(upstream, ofUpstream);
    else this.#kept.delete(upstream);
    const of = this.#upstream(upstream);
    const kept = ofUpstream.get(backend);
    if (kept !== undefined && of?.backends.some(({ id }) => id === backend) !== true) kept.goneSince ??= Date.now();
    if (of !== undefined)
      for (const each of [...of.backends, ...of.leaving]) if (each.id === backend) apply(of, each, after);
    const change = { upstream, backend, before, after, reason, by };
    this.log.changed(change);
    for (const listener of this.#listeners) listener(change);
  }

  /** Applies what is set for backends of an upstream whose backends have changed. Gives what backends have found set that came back. */
  #follow(name: string): BackendSetting[] {
    const ofUpstream = this.#kept.get(name);
    if (ofUpstream === undefined) return [];
    const upstream = this.#upstream(name);
    const present = new Map(upstream?.backends.map(backend => [backend.id, backend]));
    const back: BackendSetting[] = [];
    for (const [id, kept] of ofUpstream) {
      const backend = present.get(id);
      const wasGone = kept.goneSince !== undefined;
      kept.goneSince = backend === undefined ? (kept.goneSince ?? Date.now()) : undefined;
      if (backend !== undefined && (apply(upstream!, backend, kept.setting) || wasGone)) back.push(kept.setting);
    }
    this.#tidy();
    return back;
  }

  /** Forgets what is too much, and waits for the next end. */
  #tidy(): void {
    const all = this.#all();
    const tooMany = all.length - most;
    if (tooMany > 0) {
      const gone = all.filter(({ goneSince }) => goneSince !== undefined);
      gone.sort((one, other) => one.goneSince! - other.goneSince!);
      for (const { setting } of gone.slice(0, tooMany)) this.#put(setting, undefined, 'forgotten');
    }
    clearTimeout(this.#timer);
    const ends = this.#all().flatMap(({ setting, goneSince }) => [
      ...endsOf(setting),
      ...(goneSince === undefined ? [] : [goneSince + keptFor]),
    ]);
    if (ends.length === 0 || this.#isClosed) return;
    const next = ends.reduce((soonest, each) => Math.min(soonest, each)) - Date.now();
    this.#timer = setTimeout(() => this.#end(), Math.min(Math.max(next, 1), longestTimer)).unref();
  }

  /** Lifts what has come to its end. */
  #end(): void {
    const now = Date.now();
    for (const { setting, goneSince } of this.#all()) {
      this.#put(setting, settingAt(now, setting), 'expired');
      if (goneSince !== undefined && goneSince + keptFor <= now) this.#put(setting, undefined, 'forgotten');
    }
    this.#tidy();
  }

  #all(): Kept[] {
    return [...this.#kept.values()].flatMap(ofUpstream => [...ofUpstream.values()]);
  }

  #upstream(name: string): Upstream | undefined {
    return [...this.upstreams].find(upstream => upstream.name === name);
  }
}

function apply(upstream: Upstream, backend: LiveBackend, setting: BackendSetting | undefined): boolean {
  const drained = setting?.drained;
  return upstream.setByHand(backend, {
    drained: drained && `by hand${untilWords(drained)}`,
    weight: setting?.weight?.value,
  });
}

function untilAfter(time: number | undefined): number | undefined {
  if (time === undefined) return undefined;
  if (!(time > 0 && time <= longestTimer))
    throw new RangeError(`a time is more than 0 and at most ${longestTimer} milliseconds, and not ${time}`);
  return Date.now() + Math.ceil(time);
}

function unknown(message: string, word: string, known: ReadonlySet<string>): string {
  const names = [...known];
  const others = names.length > 10 ? ', …' : '';
  return `${message}${didYouMean(word, names) || ` (known: ${names.slice(0, 10).join(', ') || 'none'}${others})`}`;
}

function keyOf(upstream: string, backend: string): string {
  return JSON.stringify([upstream, backend]);
}

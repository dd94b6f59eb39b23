import {
  createLocalJWKSet,
  errors,
  type CryptoKey,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import type { Ending } from '../leases.js';

/** Times between fetches of keys, in milliseconds. */
interface KeyTimes {
  /** Time between two regular fetches. */
  readonly refresh: number;
  /** Time between two fetches that tokens with unknown keys cause. */
  readonly cooldown: number;
  /** Time after a failure, doubled with each further failure up to `maxRetry`. */
  readonly retry: number;
  readonly maxRetry: number;
}

const defaultTimes: KeyTimes = { refresh: 600_000, cooldown: 10_000, retry: 1000, maxRetry: 30_000 };
const maxKeys = 100;

/** The keys have never been fetched, or the key of a token is unknown and the issuer does not answer. */
export class KeysUnavailable extends Error {}

/** The issuer would have to be asked, and is not to be. */
export class KeysUnasked extends Error {}

/** Gets the result of each fetch: `problem` is undefined after a success. */
export interface KeysObserver {
  fetched(problem: string | undefined): void;
}

/**
 * The public keys of an issuer (RFC 7517 §5), fetched in the background. They stay in use while the issuer cannot be reached. A
 * token that names an unknown key causes a fetch, but only one in `cooldown`, successful or not, and all waiting requests share
 * it.
 *
 * jose's `createRemoteJWKSet` counts its cool-down from the last successful fetch: while the issuer is away, each token with an
 * unknown key would cause a fetch, and before the first success each token would. It also does not report a changed set, and
 * measures time by the system clock, which may be set.
 */
export class RemoteKeys implements Ending {
  readonly #ended = new AbortController();
  readonly #firstFetch = Promise.withResolvers<void>();
  #version = 0;
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  #text: string | undefined;
  #pending: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #retired = false;
  #failures = 0;
  #askedAt = -Infinity;

  constructor(
    private readonly fetch: (signal: AbortSignal) => Promise<string>,
    private readonly observer: KeysObserver,
    private readonly times: KeyTimes = defaultTimes,
  ) {}

  /** Another number with each fetch of a set that differs from the one before: what was accepted by the old set is to be checked again. */
  get version(): number {
    return this.#version;
  }

  /** Starts fetching. Without effect when it was started before. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#load();
  }

  /** Ends fetching for good; no timer is left. */
  end(): void {
    this.#started = true;
    this.#ended.abort();
    clearTimeout(this.#timer);
    this.#firstFetch.resolve();
  }

  /** Fetches nothing more by itself: no timer is left. A fetch that is under way goes on for requests that wait for it, and is waited for. */
  async retire(): Promise<void> {
    this.#retired = true;
    clearTimeout(this.#timer);
    await this.#pending;
  }

  /**
   * The key that a token names. Waits for the first fetch, and for the fetch that an unknown key causes. Rejects with {@link
   * KeysUnavailable}, or with a JOSEError when no key or several keys match. Not `fetches`: it causes no fetch, and rejects with {@link KeysUnasked}
   * where there would be one.
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput, fetches = true): Promise<CryptoKey> {
    if (!fetches && !this.#started) throw new KeysUnasked();
    this.start();
    if (this.#keys === undefined) await this.#firstFetch.promise;
    if (this.#keys === undefined) throw new KeysUnavailable();
    try {
      return await this.#keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!fetches && this.#pending === undefined && !this.#isCoolingDown) throw new KeysUnasked();
      if (!(await this.#fetchForUnknown())) throw new KeysUnavailable();
      return this.#keys(header, token);
    }
  }

  /** Fetches the keys for a token with an unknown key, unless the cool-down forbids it. Returns whether the keys are up to date. */
  async #fetchForUnknown(): Promise<boolean> {
    if (this.#pending !== undefined) return this.#pending;
    if (this.#isCoolingDown) return this.#failures === 0;
    this.#askedAt = performance.now();
    return this.#load();
  }

  get #isCoolingDown(): boolean {
    return performance.now() - this.#askedAt < this.times.cooldown;
  }

  #load(): Promise<boolean> {
    return (this.#pending ??= this.#fetch());
  }

  async #fetch(): Promise<boolean> {
    clearTimeout(this.#timer);
    let problem: string | undefined;
    try {
      this.#take(await this.fetch(this.#ended.signal));
      this.#failures = 0;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      this.#failures++;
    }
    this.#pending = undefined;
    this.#firstFetch.resolve();
    if (this.#ended.signal.aborted) return false;
    if (this.#retired) return problem === undefined;
    this.observer.fetched(problem);
    this.#timer = setTimeout(() => void this.#load(), this.#wait()).unref();
    return problem === undefined;
  }

  #wait(): number {
    const { refresh, retry, maxRetry } = this.times;
    if (this.#failures === 0) return refresh;
    return Math.min(maxRetry, retry * 2 ** Math.min(this.#failures - 1, 20));
  }

  #take(text: string): void {
    if (text === this.#text) return;
    const set: unknown = JSON.parse(text);
    const keys = createLocalJWKSet(set as JSONWebKeySet);
    const count = (set as JSONWebKeySet).keys.length;
    if (count === 0 || count > maxKeys) throw new Error(`${count} keys, expected 1 to ${maxKeys}`);
    this.#keys = keys;
    this.#text = text;
    this.#version++;
  }
}

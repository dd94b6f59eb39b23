import { hash } from 'node:crypto';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { LimitStore, uncounted, unreachable, type Backlogs } from './limit-store.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import type { Quota } from './quota.js';
import { RedisLink, type LinkObserver } from './redis-link.js';

/** The callbacks of a Redis store. */
export interface RedisStoreObserver extends LinkObserver {
  /** Called when a request was decided without the server. */
  fellBack(): void;
}

/** Settings of a Redis store. */
export interface RedisStoreSettings {
  /** `redis://` or `rediss://`, with user, password and database if needed. */
  readonly redis: string;
  /** The prefix of all keys; default `gw:`. */
  readonly prefix?: string;
}

const silent: RedisStoreObserver = { changed: () => undefined, failed: () => undefined, fellBack: () => undefined };

/**
 * Counts on a Redis server, so that several gateways have one count. While the server is out of reach, each limit follows its
 * `onStoreFailure` at once, without waiting. Keys contain client addresses in clear text, and all other texts of clients as
 * hashes. As storage for `@nestjs/throttler` it counts locally while the server is away.
 *
 * Nest starts and stops it where it is a provider, also as `storage` of ThrottlerModule; elsewhere call
 * {@link onModuleInit} and {@link onApplicationShutdown}.
 */
export class RedisLimitStore extends LimitStore implements OnModuleInit, OnApplicationShutdown {
  readonly #link: RedisLink;
  readonly #prefix: string;
  #started: Promise<void> | undefined;

  /** `local`: the store that counts for `onStoreFailure: local`. */
  constructor(
    { redis, prefix = 'gw:' }: RedisStoreSettings,
    private readonly local: MemoryLimitStore = new MemoryLimitStore(),
    private readonly observer: RedisStoreObserver = silent,
  ) {
    super();
    this.#prefix = prefix;
    this.#link = new RedisLink(redis, `${prefix}probe`, observer);
  }

  take(quotas: readonly Quota[], subjects: readonly string[]): Backlogs | Promise<Backlogs> {
    if (!this.#link.isUp) return this.#takeWithout(quotas, subjects);
    const keys = quotas.map(({ name }, index) => `${this.#prefix}${name}:${legible(subjects[index]!)}`);
    const args = quotas.flatMap(({ interval, tolerance }) => [interval, tolerance]);
    const kept = [...subjects];
    return this.#link.take(keys, args).catch(() => [...this.#takeWithout(quotas, kept)]);
  }

  /** Connects, and waits for the server for at most 1.5 s; does not fail when the server does not answer. */
  onModuleInit(): Promise<void> {
    return (this.#started ??= this.#link.start());
  }

  onApplicationShutdown(): void {
    this.#link.close();
  }

  #takeWithout(quotas: readonly Quota[], subjects: readonly string[]): Backlogs {
    this.observer.fellBack();
    if (quotas.some(quota => quota.onStoreFailure === 'deny')) {
      return quotas.map(quota => (quota.onStoreFailure === 'deny' ? unreachable : uncounted));
    }
    const places = quotas.flatMap(({ onStoreFailure }, index) => (onStoreFailure === 'local' ? [index] : []));
    const taken = this.local.take(
      places.map(place => quotas[place]!),
      places.map(place => subjects[place]!),
    );
    const backlogs = quotas.map(() => uncounted);
    places.forEach((place, index) => (backlogs[place] = taken[index]!));
    return backlogs;
  }
}

/** Hashes texts that clients choose (see `limitSubject`): they may be secrets, and of any length. */
function legible(subject: string): string {
  return subject.startsWith('=') ? hash('sha256', subject, 'base64url') : subject;
}

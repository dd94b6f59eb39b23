import { hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable, Optional, type OnApplicationShutdown } from '@nestjs/common';
import { THREAD, type Thread } from '../../shared-memory/thread.js';
import { sessionLifetime } from './tls-settings.js';

/** Bytes of the keys for session tickets, as Node wants them. */
const keysLength = 48;

/**
 * What the keys of session tickets are made of: the same in all threads of a gateway, so that a client may resume at one thread what it has begun at
 * another. It is replaced as often as sessions end, and what it was is forgotten.
 */
@Injectable()
export class TicketSecret implements OnApplicationShutdown {
  #current: Uint8Array = randomBytes(32);
  readonly #followers = new Set<() => void>();
  readonly #rotation: NodeJS.Timeout | undefined;

  /** Workers are told by the main thread. */
  constructor(@Optional() @Inject(THREAD) thread?: Pick<Thread, 'role'>) {
    if (thread?.role === 'worker') return;
    this.#rotation = setInterval(() => this.replace(randomBytes(32)), sessionLifetime * 1000).unref();
  }

  get current(): Uint8Array {
    return this.#current;
  }

  replace(secret: Uint8Array): void {
    this.#current = secret;
    for (const follow of this.#followers) follow();
  }

  /**
   * The keys of a listener. `terms`: all by which it admits clients, as a digest. A listener with other terms must not resume its sessions: it would
   * believe that their clients have shown it a certificate.
   */
  keysFor(terms: Uint8Array): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#current, '', terms, keysLength));
  }

  /** Calls `follow` when it is replaced. Gives what ends that. */
  onReplaced(follow: () => void): () => void {
    this.#followers.add(follow);
    return () => void this.#followers.delete(follow);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#rotation);
  }
}

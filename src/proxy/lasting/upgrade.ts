import type { Duplex } from 'node:stream';
import type { LiveBackend } from '../../upstream/live-backend.js';
import type { UnderWay } from './under-way.js';

/** The two connections that an upgrade has opened to each other, with what each side has sent already. */
export interface TunnelEnds {
  readonly client: Duplex;
  readonly clientHead: Buffer;
  readonly backend: Duplex;
  readonly backendHead: Buffer;
}

/** The upgrade that an exchange asks for, and who carries the connection once both sides have agreed. */
export interface Upgrade {
  /** Name of the protocol, as it stands in `Upgrade` (RFC 9110 §7.8). */
  readonly protocol: string;
  /** Body bytes from the client so far. */
  readonly bytesIn: number;
  /** Bytes from the backend so far, once both have agreed. */
  readonly bytesOut: number;
  /** What the client has sent behind its head. Once asked, nothing more is kept. */
  firstBytes(): Buffer;
  /** Why the backend's 101, with these fields, cannot be passed on; undefined: it can. */
  fault(fields: readonly string[]): string | undefined;
  /** Carries bytes both ways until one side ends; `over` is called exactly once, when both connections are closed. */
  carry(backend: LiveBackend, ends: TunnelEnds, over: TunnelOver): UnderWay;
}

/** Told of the end of a tunnel. */
export interface TunnelOver {
  tunnelOver(): void;
}

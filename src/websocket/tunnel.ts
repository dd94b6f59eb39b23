import { formatDuration } from '../config/language/kinds/duration.js';
import type { TunnelRecord } from '../http/exchange-record.js';
import type { Deadlines, Timed } from '../proxy/forwarder/deadlines.js';
import type { UnderWay } from '../proxy/lasting/under-way.js';
import type { Drainable } from '../proxy/lasting/long-lived.js';
import type { TunnelEnds } from '../proxy/lasting/upgrade.js';
import { Flow, type FlowOwner } from './flow.js';
import { closeFrame, pingFrame } from './frames.js';
import { FrameObserver, type FrameFault } from './frame-observer.js';

/** Settings of a tunnel. Times in milliseconds, 0 = off. */
interface TunnelSettings {
  readonly idleTimeout: number;
  readonly pingInterval: number;
  /** Bytes. */
  readonly maxFrame: number;
  /** Time in which both sides must answer a Close frame and end their connections. Not in the configuration; for tests. Default 5,000. */
  readonly farewell?: number;
}

const usualFarewell = 5_000;

/** Close codes that the gateway sends (RFC 6455 §7.4.1 and its registry). */
const goingAway = 1001;
/** Also sent when a connection broke: clients reconnect after this code, but some (graphql-ws) give up after 1011. */
const serviceRestart = 1012;
/** Never sent: a side went away without a Close frame. */
const abnormal = 1006;

const noPayload = Buffer.alloc(0);

/** Called at the end of a tunnel, when both connections are closed. */
interface TunnelWatcher {
  closed(tunnel: Tunnel): void;
}

/**
 * Two connections joined to one. Bytes pass unchanged in both directions. In a WebSocket the tunnel knows where frames end, so
 * it can ping both sides, and send a Close frame when the gateway or the other side goes away.
 *
 * ```
 * open ──┬─ one side ends, by a Close frame or without ──┐
 *        ├─ idle, a frame too long, a rule broken ───────┤
 *        └─ the gateway or the backend is drained ───────┴─ farewell: each side that is still there gets its Close
 *                                                            frame, may answer it, and is closed; after 5 s in any case
 * ```
 */
export class Tunnel implements FlowOwner, UnderWay, Drainable, Timed {
  deadline = 0;
  slot = -1;
  readonly fromClient: Flow;
  readonly fromBackend: Flow;
  readonly #pings: Pings | undefined;
  #farewell: NodeJS.Timeout | undefined;
  #closedBy: TunnelRecord['closedBy'] | undefined;
  #closeCode: number | undefined;
  /** Why the gateway closes it. */
  #reason: string | undefined;
  #isIdle = false;
  /** Connections that are not closed yet. */
  #open = 2;

  constructor(
    private readonly ends: TunnelEnds,
    /** Whether the bytes are frames of RFC 6455; otherwise they are not read. */
    isWebSocket: boolean,
    private readonly settings: TunnelSettings,
    private readonly deadlines: Deadlines,
    private readonly watcher: TunnelWatcher,
  ) {
    const { client, backend } = ends;
    const { maxFrame, pingInterval } = settings;
    const observer = (masked: boolean): FrameObserver | undefined =>
      isWebSocket ? new FrameObserver({ masked, maxFrame }) : undefined;
    this.fromClient = new Flow(client, backend, observer(true), this);
    this.fromBackend = new Flow(backend, client, observer(false), this);
    if (isWebSocket && pingInterval > 0) this.#pings = new Pings(this, pingInterval);
  }

  /** The counts so far, and how it ended. */
  get record(): TunnelRecord | undefined {
    const { fromClient, fromBackend } = this;
    if (fromClient.observer === undefined || fromBackend.observer === undefined) return undefined;
    return {
      messagesIn: fromClient.observer.messages,
      messagesOut: fromBackend.observer.messages,
      closeCode: this.#closeCode ?? abnormal,
      closedBy: this.#closedBy ?? 'gateway',
      reason: this.#reason,
      timeout: this.#isIdle ? `websocket.idleTimeout ${formatDuration(this.settings.idleTimeout)}` : undefined,
    };
  }

  start(): void {
    // 11
    const { client, clientHead, backend, backendHead } = this.ends;
    for (const end of [client, backend]) {
      // A side may end its half and still read; Node would end both halves.
      end.allowHalfOpen = true;
      if (end.destroyed) process.nextTick(() => this.#closed());
      else end.once('close', () => this.#closed());
    }
    this.moved();
    this.deadlines.watch(this);
    this.#pings?.begin(this.deadlines);
    this.fromClient.start(clientHead);
    this.fromBackend.start(backendHead);
  }

  moved(): void {
    const { idleTimeout } = this.settings;
    if (idleTimeout > 0) this.deadline = performance.now() + idleTimeout;
  }

  late(): void {
    this.#isIdle = true;
    this.close(goingAway, 'idle');
  }

  drain(): void {
    this.close(goingAway, 'going away');
  }

  /** Pings both sides, each between two frames of the other. */
  ping(): void {
    this.fromBackend.inject(pingFrame(noPayload, false), false);
    this.fromClient.inject(pingFrame(noPayload, true), false);
  }

  /** Sends a Close frame to both sides; without WebSocket, ends both connections. */
  close(code: number, reason: string): void {
    this.#ends('gateway', code, reason);
    this.#partFrom(this.fromBackend, code, reason);
    this.#partFrom(this.fromClient, code, reason);
  }

  /**
   * Cuts both connections. When the client's connection is already cut, the backend gets a Close frame instead, as for any
   * client that went away.
   */
  giveUp(): void {
    const { client, backend } = this.ends;
    const isLeft = client.destroyed && this.#closedBy === undefined;
    this.#ends('gateway', abnormal);
    if (isLeft) return;
    client.destroy();
    backend.destroy();
  }

  farewell(flow: Flow): void {
    this.#ends(this.#nameOf(flow), flow.observer?.closeCode ?? abnormal);
    this.#endLegs();
  }

  closeSent(): void {
    this.#endLegs();
  }

  faulted(flow: Flow, { code, reason }: FrameFault, isOpen: boolean): void {
    this.#ends('gateway', code, reason);
    // The Close goes to both sides, also to the one that broke the rules.
    if (isOpen) flow.conclude(closeFrame(code, reason, flow === this.fromClient));
    this.#partFrom(this.#opposite(flow), code, reason);
  }

  ended(flow: Flow, error: Error | undefined): void {
    const { observer, sink } = flow;
    if (observer === undefined) {
      if (error === undefined && !flow.source.destroyed) flow.end();
      else sink.destroy();
      return;
    }
    this.#ends(this.#nameOf(flow), abnormal);
    if (!observer.closed && !flow.isMuted) {
      // The other side must get a Close frame, not a bare reset.
      if (flow === this.fromClient) this.#partFrom(flow, goingAway, 'the client went away');
      else this.#partFrom(flow, serviceRestart, error === undefined ? 'the server went away' : 'the server broke off');
    }
    // Discard the other side's bytes when this connection is gone; a side that has only ended its half may still read them.
    if (flow.source.destroyed) this.#opposite(flow).discard();
    this.#endLegs();
  }

  /** Sends the sink of a flow a Close frame as its last frame, or cuts it when no frame can be inserted. */
  #partFrom(flow: Flow, code: number, reason: string): void {
    const { observer, sink } = flow;
    if (observer === undefined) flow.end();
    else if (observer.closed || flow.isMuted) this.#endLegs();
    else if (!flow.inject(closeFrame(code, reason, flow === this.fromClient), true)) sink.destroy();
  }

  /** Records the first reason for the end, and starts the time for the farewell. */
  #ends(by: TunnelRecord['closedBy'], code: number, reason?: string): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = by;
    this.#reason = reason;
    this.#closeCode = code;
    this.deadlines.forget(this);
    this.#pings?.stop();
    this.#farewell = setTimeout(() => this.giveUp(), this.settings.farewell ?? usualFarewell).unref();
  }

  /** Ends each side that has got its Close and has answered it or is gone. */
  #endLegs(): void {
    const { fromClient, fromBackend } = this;
    for (const [from, to] of [
      [fromClient, fromBackend],
      [fromBackend, fromClient],
    ] as const) {
      const hasCloseSent = to.isMuted || to.observer?.closed === true;
      // A side that has broken the rules need not answer, and neither need a side whose opposite is gone.
      const hasAnswered = from.isEnded || from.hasBroken || from.observer?.closed === true || from.sink.destroyed;
      if (hasCloseSent && hasAnswered && to.sink.writable) to.end();
    }
  }

  #closed(): void {
    this.#open--;
    if (this.#open > 0) return this.#left();
    clearTimeout(this.#farewell);
    this.deadlines.forget(this);
    this.#pings?.stop();
    this.watcher.closed(this);
  }

  /** Called when one side has closed, perhaps after it had ended its half and read on. */
  #left(): void {
    const { client } = this.ends;
    const flow = client.destroyed ? this.fromBackend : this.fromClient;
    flow.discard();
    if (flow.observer !== undefined) return this.#endLegs();
    // Without frames, end the remaining side after all that was written to it.
    const other = this.#opposite(flow);
    const sink = other.sink;
    if (sink.writableFinished) sink.destroy();
    else other.end(() => sink.destroy());
  }

  #nameOf(flow: Flow): 'client' | 'backend' {
    return flow === this.fromClient ? 'client' : 'backend';
  }

  #opposite(flow: Flow): Flow {
    return flow === this.fromClient ? this.fromBackend : this.fromClient;
  }
}

/** Pings a tunnel at a fixed interval. */
class Pings implements Timed {
  deadline = 0;
  slot = -1;
  #deadlines: Deadlines | undefined;

  constructor(
    private readonly tunnel: Tunnel,
    private readonly interval: number,
  ) {}

  begin(deadlines: Deadlines): void {
    this.#deadlines = deadlines;
    this.deadline = performance.now() + this.interval;
    deadlines.watch(this);
  }

  late(): void {
    this.tunnel.ping();
    this.deadline = performance.now() + this.interval;
  }

  stop(): void {
    this.#deadlines?.forget(this);
  }
}

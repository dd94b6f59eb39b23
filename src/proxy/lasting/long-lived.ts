import { Injectable } from '@nestjs/common';
import type { LivePart, Transition } from '../../config/live/transition.js';
import type { ListenerInfo } from '../client/listener-info.js';

/** What outlives a response, and wants to be told when the gateway, its listener or its route ends. */
export interface Drainable {
  /** Ends what is open as soon as that can be done cleanly. Must not throw. */
  drain(): void;
}

/** What an open event stream or tunnel has carried so far, for operators. */
export interface LastingState {
  readonly requestId: string;
  /** Address of the client. */
  readonly client: string;
  /** Without the query. */
  readonly path: string;
  /** The protocol of a tunnel: `websocket`. */
  readonly protocol: string | undefined;
  readonly upstream: string;
  /** Id of the backend; undefined: an event stream that waits for another one. */
  readonly backend: string | undefined;
  /** Milliseconds since its request's head; of an event stream, since the head of its answer. */
  readonly age: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Whole messages of a WebSocket, or events of an event stream, to the client; undefined: they are not read. */
  readonly messagesOut: number | undefined;
  /** Whole messages of a WebSocket from the client. */
  readonly messagesIn: number | undefined;
}

/** By what something has come, and what it is. */
interface Origin {
  /** Name of the route. */
  readonly route: string;
  readonly listener: ListenerInfo;
  readonly kind: 'stream' | 'tunnel';
  /** Called when an operator looks. */
  readonly state: () => LastingState;
}

/** Everything that outlives a response: event streams, tunnels. */
@Injectable()
export class LongLived implements LivePart {
  readonly open = new Map<Drainable, Origin>();

  /** The gateway shuts down, or only `listener`: it drains already. */
  drain(listener?: ListenerInfo): void {
    for (const [each, origin] of [...this.open]) {
      if (listener === undefined || origin.listener === listener) each.drain();
    }
  }

  /** What is open on a route that the next configuration does not have is ended after `shutdown.grace`. */
  prepare(transition: Transition): void {
    const { from, to } = transition;
    const names = new Set(to.routes.map(({ name }) => name));
    const gone = new Set(from.routes.map(({ name }) => name).filter(name => !names.has(name)));
    if (gone.size === 0) return;
    transition.onCommit(() => {
      const left = [...this.open].flatMap(([each, { route }]) => (gone.has(route) ? [each] : []));
      if (left.length === 0) return;
      setTimeout(() => {
        for (const each of left) if (this.open.has(each)) each.drain();
      }, to.shutdown.grace).unref();
    });
  }
}

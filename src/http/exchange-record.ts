import type { ExchangeTrail } from './exchange-trail.js';
import type { GatewayError } from './gateway-error.js';
import type { RequestInfo } from './request-info.js';

/** What a tunnel of WebSocket frames has carried. */
export interface TunnelRecord {
  /** Whole messages from the client. */
  readonly messagesIn: number;
  /** Whole messages to the client. */
  readonly messagesOut: number;
  /** Code of the first Close frame (RFC 6455 §7.4); 1006 when a side went away without one. */
  readonly closeCode: number;
  /** Who sent that frame, or went away. */
  readonly closedBy: 'client' | 'backend' | 'gateway';
  /** Why the gateway closed it: `idle`, the rule that a frame has broken. */
  readonly reason?: string | undefined;
  /** The time limit that was over, with its value: `websocket.idleTimeout 10m`. */
  readonly timeout?: string | undefined;
}

/** The sender of a request. */
interface SenderRecord {
  /** How the sender was authenticated: `jwt`, `api-key`, `basic`, `forward`, or a name of your own policy. */
  readonly scheme: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** When an exchange came to its phases, in milliseconds from `performance.now()`. */
export class ExchangeTimes {
  /** When the route was found and the policies had said yes; 0 when it did not get so far. */
  dispatchedAt = 0;
  /** When the last attempt's head was written to a connection: after queueing and connecting; 0 when none was. */
  sentAt = 0;
  /** When the response head of the last attempt arrived; 0 when none did. */
  respondedAt = 0;
  /** 0 while it is open. */
  closedAt = 0;

  constructor(
    /** When the request's head was complete. */
    readonly openedAt = performance.now(),
  ) {}
}

/**
 * What is known of an exchange when it closes: the source of its access line and its metrics.
 * The exchange itself implements it, so that nothing is copied.
 */
export interface ExchangeRecord extends RequestInfo {
  /** Name of the listener that took the request. */
  readonly listener: string;
  /** `1.0`, `1.1` or `2.0`. */
  readonly httpVersion: string;
  /** What the client got; 499 when it went away first. */
  readonly status: number;
  readonly routeName: string | undefined;
  readonly upstreamName: string | undefined;
  /** Id of the backend of the last attempt. */
  readonly backendId: string | undefined;
  readonly attempts: number;
  /** Who sent it, where a policy has found that out. */
  readonly identity?: SenderRecord | undefined;
  /** The fields of the request as they came: name, value, name, value … */
  readonly rawHeaders?: readonly string[] | undefined;
  /** It has become a tunnel. */
  readonly tunnelled?: boolean | undefined;
  /** Its connection, for facts of TLS. */
  readonly message?: { readonly socket: object } | undefined;
  /** Of WebSocket tunnels only. */
  readonly tunnel?: TunnelRecord | undefined;
  /** Its trace, where the gateway traces. */
  readonly trace?: { readonly traceId: string; readonly spanId: string } | undefined;
  /** What happened off the straight way. */
  readonly trail?: ExchangeTrail | undefined;
  /** The error of the gateway that it ended with, also where a fallback hid it from the client. */
  readonly error?: GatewayError | undefined;
  readonly errorCode: string | undefined;
  /** Why it was refused or has failed: which policy, limit or place of the content, or what the network or the backend said. For the log only. */
  readonly errorReason: string | undefined;
  /** Body bytes from the client. */
  readonly bytesIn: number;
  /** Body bytes to the client. */
  readonly bytesOut: number;
  /** Complete events that the client got; undefined where it got no event stream. */
  readonly events?: number | undefined;
  /** How often the event stream has gone on at another backend. */
  readonly resumes?: number | undefined;
  readonly times: Readonly<ExchangeTimes>;
}

import type { ServerSessionOptions } from 'node:http2';
import type { HeadLimits } from '../../proxy/locator.js';

/**
 * Streams that a client may have open on a connection. More than twice as many as browsers open: Node counts a reset stream
 * until it has read all that was sent with the reset, and refuses new streams above the limit.
 */
const maxStreams = 250;

/**
 * Bytes of a body that a client may send on a stream before the gateway has passed them on. Multiplied by the number of
 * streams, this is the memory that one connection may take.
 */
const streamWindow = 128 * 1024;

/**
 * Bytes that a client may send on all streams together before the gateway confirms them. It confirms them at once, so the
 * window takes no memory; with the default of HTTP/2, 64 KiB, an upload takes one and a half times as long.
 */
export const connectionWindow = 1024 * 1024;

/** Bytes of a head beyond the limits that are still read, so that they are answered with 414 or 431, not with a reset. */
const headSlack = 16 * 1024;

/** Header lines that are read above the limit of fields: a Cookie may come in pieces (RFC 9113 §8.2.3), which count as one field. */
const pairSlack = 300;

/** Bytes that a field counts beside its name and value (RFC 9113 §10.5.1). */
const fieldOverhead = 32;

/**
 * What a client may do on a connection before Node ends it or refuses streams; `limits` are those of a request's head. The
 * sessions themselves also limit control frames and idle connections.
 */
export function sessionOptions({ maxHeaders, maxHeaderSize, maxUrl }: HeadLimits): ServerSessionOptions {
  const maxHeaderListPairs = maxHeaders + pairSlack;
  return {
    settings: {
      maxConcurrentStreams: maxStreams,
      initialWindowSize: streamWindow,
      maxHeaderListSize: maxUrl + maxHeaderSize + headSlack + fieldOverhead * maxHeaderListPairs,
      enableConnectProtocol: true,
    },
    maxHeaderListPairs,
    // Megabytes: new streams are refused while a connection holds more.
    maxSessionMemory: 32,
    // Settings in one SETTINGS frame.
    maxSettings: 32,
    // Frames that break the rules, empty ones among them, and streams beyond the limit.
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    // Streams that the client may reset: at once, and per second (CVE-2023-44487).
    streamResetBurst: 500,
    streamResetRate: 33,
    // Node would drop such a field silently; with this setting the gateway sees it and resets the stream.
    strictFieldWhitespaceValidation: false,
    // A backend's response passes as it is.
    strictSingleValueFields: false,
  };
}

import type { ServerSessionOptions } from 'node:http2';
import type { HeadLimits } from '../../proxy/locator.js';

/**
 * Streams that a client may have open at once on a connection. More than twice as many as browsers open: Node counts those that
 * were reset until it has read all that came with the reset, and refuses new ones beyond the limit.
 */
const maxStreams = 250;

/**
 * Bytes of a body that a client may send on a stream before the gateway has passed them on. Times the streams, that is what a
 * connection may make the gateway hold.
 */
const streamWindow = 128 * 1024;

/**
 * Bytes that a client may send on all streams together before it hears that they have arrived. It hears that at once, so this
 * holds nothing: with HTTP/2's own 64 KiB an upload takes one and a half times as long.
 */
export const connectionWindow = 1024 * 1024;

/** Bytes of a head beyond the limits that are still read, so that they are answered with 414 or 431, not with a reset. */
const headSlack = 16 * 1024;

/** Cookies come in pieces (RFC 9113 §8.2.3), which are no fields of their own: so many more are read. */
const pairSlack = 300;

/** Bytes that a field counts beside its name and value (RFC 9113 §10.5.1). */
const fieldOverhead = 32;

/**
 * What a client may do on a connection before Node ends it or refuses streams; `limits` are those of a request's head.
 * Beyond these the sessions look after control frames and idle connections themselves.
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
    // Of one SETTINGS frame.
    maxSettings: 32,
    // Frames that break the rules, empty ones among them, and streams beyond the limit.
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    // Streams that the client resets: so many at once, and so many a second (CVE-2023-44487).
    streamResetBurst: 500,
    streamResetRate: 33,
    // Such a field would be dropped without a word; so it is seen, and its stream reset.
    strictFieldWhitespaceValidation: false,
    // A backend's response passes as it is.
    strictSingleValueFields: false,
  };
}

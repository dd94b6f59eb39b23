import { isEventStream } from '../http/event-stream-type.js';
import { RawHeaders } from '../fields/raw-headers.js';
import type { StreamExchange } from '../proxy/lasting/event-streams.js';

/** What can be done with an event stream, as its request and the head of its response say. */
export interface StreamTraits {
  /** The client comes again by itself, as an EventSource does, when the stream ends. */
  readonly reconnects: boolean;
  /** Its events can be read: the content is not encoded. */
  readonly isReadable: boolean;
  /** Nothing but its end says where it ends: something may be written into it, and it may end between any two events. */
  readonly isOpen: boolean;
  /** It can be asked for again, and goes on behind the last event that its client has. */
  readonly isResumable: boolean;
}

/** The traits of the stream that answers an exchange with these fields. */
export function traitsOf(
  exchange: Pick<StreamExchange, 'status' | 'method' | 'wantsEvents' | 'hasBody'>,
  headers: RawHeaders,
): StreamTraits {
  const { status, method } = exchange;
  const isOpen = staysOpen(headers) && status !== 206;
  return {
    reconnects: method === 'GET' && exchange.wantsEvents,
    isReadable: !RawHeaders.has(headers, 'content-encoding'),
    isOpen,
    isResumable: isOpen && status === 200 && method === 'GET' && !exchange.hasBody,
  };
}

/** True for a response that an open stream can go on with. */
export function continues(status: number, headers: RawHeaders): boolean {
  return status === 200 && isEventStream(headers) && staysOpen(headers);
}

function staysOpen(headers: RawHeaders): boolean {
  return !RawHeaders.has(headers, 'content-encoding') && !RawHeaders.has(headers, 'content-length');
}

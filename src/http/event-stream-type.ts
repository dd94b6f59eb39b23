import { RawHeaders } from '../fields/raw-headers.js';

const anywhere = /text\/event-stream/i;
const mediaType = /^\s*text\/event-stream\s*(?:;|$)/i;
const weightOfNothing = /;\s*q=0(?:\.0*)?\s*(?:;|$)/i;

/** True when the fields of a response say that its body is an event stream (WHATWG HTML §9.2.5). */
export function isEventStream(headers: RawHeaders): boolean {
  const type = RawHeaders.get(headers, 'content-type');
  return type !== undefined && mediaType.test(type);
}

/** True when an Accept value names event streams, as an EventSource does; ranges such as a lone star do not count, nor `q=0`. */
export function acceptsEventStream(accept: string | undefined): boolean {
  if (accept === undefined || !anywhere.test(accept)) return false;
  return accept.split(',').some(range => mediaType.test(range) && !weightOfNothing.test(range));
}

import { isConnectionField } from '../fields/connection-fields.js';
import { foldName } from '../fields/fold-name.js';
import { isForwardingName } from '../fields/forwarding-fields.js';
import { latin1Text } from '../platform/latin1.js';
import { isMessageField } from './message-fields.js';
import { RawHeaders } from '../fields/raw-headers.js';
import { connectionOptions } from './request-head.js';

const text = (field: Buffer | string): string => (typeof field === 'string' ? field : latin1Text(field));

/**
 * A backend's response fields without those that end at this hop (RFC 9110 §7.6.1); the rest keeps order, spelling
 * and repetition. Takes strings, or the buffers that undici gives a forwarder of one's own.
 */
export function responseFields(raw: readonly (Buffer | string)[]): RawHeaders {
  const passed: RawHeaders = [];
  let named: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = text(raw[i]!);
    const value = text(raw[i + 1]!);
    if (!isConnectionField(name)) passed.push(name, value);
    else if (name.toLowerCase() === 'connection' && !/^(?:close|keep-alive)$/i.test(value)) {
      named ??= new Set();
      for (const option of connectionOptions(value)) named.add(option);
    }
  }
  if (named !== undefined) {
    named.delete('content-length');
    RawHeaders.removeAll(passed, named);
  }
  return passed;
}

/** Fields of the gateway's own, beside those by which it tells of clients. */
const ownFields: ReadonlySet<string> = new Set(['x-request-id', 'x-client-cert-subject', 'x-client-cert-fingerprint']);

/**
 * The trailer fields of a response that may be passed on: those that frame, route or authenticate a message may not stand in a trailer
 * (RFC 9110 §6.5.1), nor those by which the gateway tells of the client, nor look-alikes: many clients merge trailers into the head.
 */
export function trailerFields(raw: readonly (Buffer | string)[]): RawHeaders {
  const passed: RawHeaders = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = text(raw[i]!);
    const folded = foldName(name);
    if (isMessageField(folded) || isForwardingName(folded) || ownFields.has(folded)) continue;
    passed.push(name, text(raw[i + 1]!));
  }
  return passed;
}

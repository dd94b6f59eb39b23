import { isIPv4 } from 'node:net';
import { Invalid, type InvalidDetails } from './invalid.js';

/** The last label is a number, decimal or hexadecimal: the whole host is then an IPv4 address (WHATWG URL §3.5). */
const endsInNumber = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i;
const writtenHost = /^[a-z][a-z0-9+.-]*:[/\\]*(?:[^/\\?#@]*@)?(\[[^\]]*\]|[^/\\?#:]*)/i;

/** The error for a host that is an IPv4 address in another spelling than four decimal numbers; undefined for all other hosts. */
export function oddIPv4(host: string): InvalidDetails | undefined {
  if (isIPv4(host)) return undefined;
  const address = URL.parse(`http://${host}/`)?.hostname;
  const isAddress = address !== undefined && isIPv4(address);
  if (!isAddress && !endsInNumber.test(host)) return undefined;
  const message = `${JSON.stringify(host)} is ${isAddress ? `read as ${address}` : 'no IPv4 address'}: write an address as four decimal numbers without leading zeros`;
  return isAddress ? { message, suggestion: address } : { message };
}

/**
 * Refuses a URL whose host is an IPv4 address in another spelling: octal (`010.0.0.1` is 8.0.0.1), hexadecimal, a single number, with
 * fewer than four parts, in escapes or in full-width digits. Undefined when it has none.
 */
export function oddIPv4In(url: string, expected: string): Invalid | undefined {
  const host = writtenHost.exec(url)?.[1] ?? '';
  const details = oddIPv4(host);
  if (details === undefined) return undefined;
  const { suggestion } = details;
  const whole = suggestion === undefined ? details : { ...details, suggestion: url.replace(host, () => suggestion) };
  return new Invalid(url, expected, whole);
}

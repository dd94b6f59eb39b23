import { rawRequest } from '../../support/client.js';
import type { RawResponse } from '../../support/http-response.js';
import { always, type RawScript, startRawBackend } from '../../support/raw-backend.js';
import type { RunningContract, Settings, Setup } from './contract.js';

/** A backend that answers every request of a connection with `ok`. */
export const ok: RawScript = always('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');

/** A request as a backend saw it, byte for byte. */
export interface SeenHead {
  /** The request line. */
  readonly line: string;
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  /** What the client got. */
  readonly response: RawResponse;
  readonly setup: Setup;
}

/** Sends bytes (latin1, every CRLF written out) through a gateway and gives the head that its backend saw. */
export async function seenHead(running: RunningContract, bytes: string, settings?: Settings): Promise<SeenHead> {
  const backend = await startRawBackend(ok);
  const setup = await running.start(backend, settings);
  const response = await rawRequest(setup.port, bytes);
  const connection = await backend.connection();
  return { ...headOf(connection.text), response, setup };
}

/** Request line or status line, and fields, of the first head in a text. */
export function headOf(text: string): { readonly line: string; readonly fields: readonly string[] } {
  const [line = '', ...rest] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
  return {
    line,
    fields: rest.flatMap(field => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1).trim()]),
  };
}

/** The fields of a list whose names begin like this, in their order; the prefix's case does not matter. */
export function fieldsLike(fields: readonly string[], prefix: string): string[] {
  return fields.filter((_, index) => fields[index - (index % 2)]!.toLowerCase().startsWith(prefix.toLowerCase()));
}

/** A request's bytes: line, `Host: shop.example`, fields, and a body. */
export function message(line: string, fields: readonly string[] = [], body = ''): string {
  return [`${line} HTTP/1.1`, 'Host: shop.example', ...fields, '', body].join('\r\n');
}

/** A response's bytes, with a `Content-Length` for the body unless a field frames it. */
export function reply(status: string, fields: readonly string[] = [], body = ''): string {
  const framed = fields.some(field => /^(content-length|transfer-encoding|connection: close)/i.test(field));
  return [`HTTP/1.1 ${status}`, ...fields, ...(framed ? [] : [`Content-Length: ${body.length}`]), '', body].join(
    '\r\n',
  );
}

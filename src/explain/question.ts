import { validateHeaderName, validateHeaderValue } from 'node:http';
import { canonicalAddress } from '../addresses/canonical-address.js';
import { UNIX_PEER } from '../http/client-address.js';
import { didYouMean } from '../spelling/nearest.js';

/** A request that is asked about. */
export interface Question {
  readonly method: string;
  readonly scheme: 'http' | 'https' | undefined;
  /** Host and port of the URL; undefined: it is a path. */
  readonly authority: string | undefined;
  /** Path and query, as they would stand in the request. */
  readonly target: string;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  /** The address that the connection comes from; default: 127.0.0.1, on a unix socket `unix`. */
  readonly ip: string | undefined;
  /** Name of the listener; default: the first that fits the URL. */
  readonly listener: string | undefined;
}

/** Why a question cannot be answered, for who asks; `status`: 400 for one that is not understood, 404 for a name that is not known. */
export class BadQuestion extends Error {
  constructor(
    readonly status: 400 | 404,
    message: string,
  ) {
    super(message);
  }
}

const keys = ['method', 'url', 'headers', 'ip', 'listener'];
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
/** What a request target may have (RFC 9112 §3.2); others are refused before anything is asked of them. */
const visible = /^[\x21-\x7e]*$/;
const mostHeaders = 200;

/** Reads a question as it comes in JSON: `{ method, url, headers, ip, listener }`, all but `url` optional. @throws BadQuestion */
export function readQuestion(value: unknown): Question {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong('the question must be an object: { "url": "http://shop.example/orders/7" }');
  const { url, method = 'GET', headers = {}, ip, listener, ...others } = value as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw wrong(`there is no ${JSON.stringify(unknown)} in a question${didYouMean(unknown, keys)}`);
  if (typeof method !== 'string' || !token.test(method)) throw wrong('"method" must be the name of a method: GET');
  return {
    method,
    ...readUrl(url),
    headers: readHeaders(headers),
    ip: readAddress(ip),
    listener: text(listener, 'listener'),
  };
}

/** Reads the header of a command line, `name: value`; undefined: it is none. */
export function readHeaderLine(line: string): [name: string, value: string] | undefined {
  const [, name, value] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  return name === undefined || value === undefined ? undefined : [name, value];
}

function readUrl(url: unknown): Pick<Question, 'authority' | 'scheme' | 'target'> {
  const [, scheme, authority, rest] =
    typeof url === 'string' ? (/^(?:(https?):\/\/([^/?#\s\p{Cc}]+))?([/?*][^#\s]*)?(?:#\S*)?$/iu.exec(url) ?? []) : [];
  if (rest === undefined && authority === undefined)
    throw wrong('"url" must be a URL, or a path: http://shop.example/orders/7, /orders/7');
  const target = rest === undefined ? '/' : rest.startsWith('?') ? `/${rest}` : rest;
  if (!visible.test(target))
    throw wrong(
      '"url" has a character that no request target can have: write it percent-encoded, such as %C3%A9 for é',
    );
  return { scheme: scheme?.toLowerCase() as Question['scheme'], authority, target };
}

function readHeaders(headers: unknown): string[] {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    throw wrong('"headers" must be an object: { "x-beta": "1" }, with a list where a field comes several times');
  const fields: string[] = [];
  for (const [name, values] of Object.entries(headers as Record<string, unknown>)) {
    for (const value of Array.isArray(values) ? (values as unknown[]) : [values]) {
      if (typeof value !== 'string') throw wrong(`the value of the header ${JSON.stringify(name)} must be a text`);
      fields.push(name, checked(name, value));
    }
  }
  if (fields.length > 2 * mostHeaders) throw wrong(`more than ${mostHeaders} headers`);
  return fields;
}

/** The value never stands in a message: it may be a secret. */
function checked(name: string, value: string): string {
  try {
    validateHeaderName(name);
  } catch {
    throw wrong(`${JSON.stringify(name)} is no name of a header`);
  }
  try {
    validateHeaderValue(name, value);
  } catch {
    throw wrong(`the value of the header ${JSON.stringify(name)} has characters that no header can hold`);
  }
  return value;
}

function readAddress(ip: unknown): string | undefined {
  const address = text(ip, 'ip');
  if (address === undefined || address === UNIX_PEER) return address;
  const canonical = canonicalAddress(address);
  if (canonical === undefined) throw wrong(`"ip" must be an IP address, or unix, and not ${JSON.stringify(address)}`);
  return canonical;
}

function text(value: unknown, key: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(`${JSON.stringify(key)} must be a text`);
}

function wrong(message: string): BadQuestion {
  return new BadQuestion(400, message);
}

import { duration } from './duration.js';
import { holdsSecret } from './header.js';
import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';
import { text } from './text.js';

/** The names that each access line has for itself. */
export const lineKeys: readonly string[] = [
  ...['level', 'time', 'requestId', 'traceId', 'client', 'identity', 'auth', 'method', 'host', 'path', 'protocol'],
  ...['httpVersion', 'listener', 'status', 'route', 'upstream', 'backend', 'attempts', 'error', 'reason', 'timeout'],
  ...['phase', 'closedBy', 'fallback', 'tries', 'messagesIn', 'messagesOut', 'closeCode', 'bytesIn', 'bytesOut'],
  ...['events', 'resumes', 'ms', 'headers', 'msg'],
];
const taken: ReadonlySet<string> = new Set(lineKeys);

const plainName = text({
  label: 'name',
  expected: 'a name of letters, digits and . _ - that starts with a letter',
  pattern: /^[A-Za-z][A-Za-z0-9._-]*$/,
  maxLength: 64,
});

/** The name of a field that is added to access lines. */
export const accessFieldName: Kind<string> = {
  ...plainName,
  parse(raw, source) {
    const parsed = plainName.parse(raw, source);
    if (parsed instanceof Invalid || !taken.has(parsed)) return parsed;
    const message = `each access line has a field ${JSON.stringify(raw)} of its own: choose another name`;
    return new Invalid(raw, this.expected, { message });
  },
};

const named = /^(header|response-header|cookie|claim):([!-~]{1,256})$/;
const plain: ReadonlySet<string> = new Set(['identity', 'tls-version', 'user-agent']);
const sources =
  'header:<name>, response-header:<name>, cookie:<name>, claim:<name>, identity, tls-version or user-agent';

/** Where the value of such a field comes from; the names of header fields in lower case. What is likely to be a secret is refused. */
export const accessFieldSource: Kind<string> = {
  label: 'source',
  expected: sources,
  schema: { type: 'string', pattern: `${named.source}|^(${[...plain].join('|')})$` },
  parse(raw) {
    if (typeof raw !== 'string') return new Invalid(raw, sources);
    if (plain.has(raw)) return raw;
    const [, kind = '', name = ''] = named.exec(raw) ?? [];
    if (kind === '') return new Invalid(raw, sources);
    if (holdsSecret(name) || name.toLowerCase() === 'sec-websocket-protocol') {
      return new Invalid(raw, sources, {
        message: `${JSON.stringify(raw)} is likely to be a secret, which no log may hold`,
      });
    }
    return kind.endsWith('header') ? `${kind}:${name.toLowerCase()}` : raw;
  },
  format: value => value,
};

const conditions = 'a status such as 404, 4xx or 5xx, slower:<duration>, or retried';
const slower = 'slower:';
const time = duration({ min: 1 });

/** A condition under which an access line is written. */
export const accessCondition: Kind<string> = {
  label: 'condition',
  expected: conditions,
  schema: {
    anyOf: [
      { type: 'string', pattern: '^([1-5](xx|[0-9]{2})|slower:\\d+(\\.\\d+)?(ms|s|m|h)|retried)$' },
      { type: 'integer', minimum: 100, maximum: 599 },
    ],
  },
  parse(raw) {
    const given = typeof raw === 'number' ? String(raw) : raw;
    if (typeof given !== 'string') return new Invalid(raw, conditions);
    if (given === 'retried' || /^[1-5](?:xx|\d\d)$/.test(given)) return given;
    if (!given.startsWith(slower)) return new Invalid(raw, conditions);
    const limit = time.parse(given.slice(slower.length));
    return limit instanceof Invalid ? new Invalid(raw, `slower: and ${limit.expected}`) : given;
  },
  format: value => value,
};

/** The milliseconds of a condition `slower:<duration>`; undefined for another one. */
export function slowerThan(condition: string): number | undefined {
  const limit = condition.startsWith(slower) ? time.parse(condition.slice(slower.length)) : undefined;
  return limit instanceof Invalid ? undefined : limit;
}

const prefix = 'a prefix from /0 to /32';

/** How much of an IPv4 address is kept, in bits. */
export const addressPrefix: Kind<number> = {
  label: 'prefix',
  expected: prefix,
  schema: { type: 'string', pattern: '^/([0-9]|[12][0-9]|3[0-2])$' },
  parse(raw) {
    const bits = typeof raw === 'string' && /^\/\d{1,2}$/.test(raw) ? Number(raw.slice(1)) : Infinity;
    if (bits <= 32) return bits;
    const meant = typeof raw === 'number' && raw >= 0 && raw <= 32 ? { suggestion: `"/${raw}"` } : {};
    return new Invalid(raw, prefix, meant);
  },
  format: value => `/${value}`,
};

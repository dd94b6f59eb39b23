/** A key whose feature is not built yet. */
export interface UnsupportedKey {
  /** The way to the key; `*` stands for any element of a list or map. */
  readonly path: string;
  /** Whether a written value asks for nothing, and so is taken. Default: no value is. */
  readonly isOff?: (value: unknown) => boolean;
}

const zero = (value: unknown): boolean => value === 0;
const no = (value: unknown): boolean => value === false;
const disabled = (value: unknown): boolean => (value as { enabled?: boolean }).enabled === false;
const empty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const word =
  (meaning: string) =>
  (value: unknown): boolean =>
    value === meaning;

const policies: readonly UnsupportedKey[] = [
  { path: 'ipFilter' },
  { path: 'rateLimit', isOff: empty },
  { path: 'auth' },
  { path: 'cors' },
  { path: 'headers' },
  { path: 'validation.contentTypes', isOff: empty },
  { path: 'validation.requireHeaders', isOff: empty },
  { path: 'validation.underscoreHeaders', isOff: word('keep') },
  { path: 'validation.body' },
];

const below = (parent: string, keys: readonly UnsupportedKey[]): UnsupportedKey[] =>
  keys.map(key => ({ ...key, path: `${parent}.${key.path}` }));

const eventStreams: readonly UnsupportedKey[] = [
  { path: 'heartbeat', isOff: zero },
  { path: 'idleTimeout', isOff: zero },
  { path: 'resume', isOff: no },
];

/**
 * The keys of the contract that this version does not carry out: a file that asks for one is refused, rather than
 * started without what it asks for. A feature that is built deletes its row.
 */
export const unsupportedKeys: readonly UnsupportedKey[] = [
  ...below('listeners.*', [
    { path: 'tls' },
    { path: 'http2', isOff: no },
    { path: 'proxyProtocol', isOff: no },
    { path: 'redirectToHttps' },
    { path: 'limits.minBodyRate', isOff: zero },
    { path: 'limits.writeTimeout', isOff: zero },
  ]),
  ...below('upstreams.*', [{ path: 'discovery' }, { path: 'protocol', isOff: word('http1') }]),
  ...below('routes.*', [
    { path: 'compress', isOff: no },
    ...below('security', policies),
    { path: 'websocket', isOff: disabled },
    ...below('sse', eventStreams),
  ]),
  ...below('security', policies),
  { path: 'rateLimitStore', isOff: word('memory') },
  { path: 'websocket', isOff: disabled },
  ...below('sse', eventStreams),
  { path: 'workers', isOff: value => value === 'auto' || value === 1 },
  { path: 'tracing' },
];

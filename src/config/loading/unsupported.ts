/** A key whose feature is not built yet. */
export interface UnsupportedKey {
  /** The way to the key; `*` stands for any element of a list or map. */
  readonly path: string;
  /** Whether a written value asks for nothing, and so is taken. Default: no value is. */
  readonly isOff?: (value: unknown) => boolean;
}

const no = (value: unknown): boolean => value === false;
const word =
  (meaning: string) =>
  (value: unknown): boolean =>
    value === meaning;

const below = (parent: string, keys: readonly UnsupportedKey[]): UnsupportedKey[] =>
  keys.map(key => ({ ...key, path: `${parent}.${key.path}` }));

/**
 * The keys of the contract that this version does not carry out: a file that asks for one is refused, rather than
 * started without what it asks for. A feature that is built deletes its row.
 */
export const unsupportedKeys: readonly UnsupportedKey[] = [
  ...below('listeners.*', []),
  ...below('upstreams.*', [{ path: 'discovery' }, { path: 'protocol', isOff: word('http1') }]),
  ...below('routes.*', [{ path: 'compress', isOff: no }]),
  { path: 'workers', isOff: value => value === 'auto' || value === 1 },
  { path: 'tracing' },
];

/** A key whose feature is not built yet. */
export interface UnsupportedKey {
  /** The way to the key; `*` stands for any element of a list or map. */
  readonly path: string;
  /** Whether a written value switches the feature off, and so is accepted. Default: no value is. */
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
 * Keys whose feature this version does not have: a file that uses one is refused, because it must not run without a feature
 * that it asks for. Delete the row when the feature is built.
 */
export const unsupportedKeys: readonly UnsupportedKey[] = [
  ...below('listeners.*', []),
  ...below('upstreams.*', [{ path: 'protocol', isOff: word('http1') }]),
  ...below('routes.*', [{ path: 'compress', isOff: no }]),
];

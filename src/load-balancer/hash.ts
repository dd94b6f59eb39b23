/**
 * A 32-bit hash of a text: FNV-1a over its UTF-16 units, then the finaliser of MurmurHash3 so that texts that differ in one
 * letter differ in all bits. The same in every process; not for secrets. Different seeds give independent hashes.
 */
export function hashText(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** Spreads every bit of a 32-bit integer over all of an unsigned one (MurmurHash3's `fmix32`); no two inputs meet. */
export function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

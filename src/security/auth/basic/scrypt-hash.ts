import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { scryptHash } from '../../../config/file/auth.config.js';

const hashBytes = 32;
const saltBytes = 16;
/** 32 MiB and three passes: the least that OWASP recommends. */
const cost = { ln: 15, r: 8, p: 3 };

/** A scrypt hash, with which a password can be checked. */
export class ScryptHash {
  private constructor(
    private readonly salt: Buffer,
    private readonly hash: Buffer,
    private readonly options: ScryptOptions,
  ) {}

  /** Reads the PHC string format: `$scrypt$ln=15,r=8,p=3$salt$hash`. Undefined for anything else. */
  static parse(text: string): ScryptHash | undefined {
    const [, ln, r, p, salt, hash] = scryptHash.exec(text) ?? [];
    if (salt === undefined || hash === undefined) return undefined;
    const options = optionsOf(Number(ln), Number(r), Number(p));
    return new ScryptHash(Buffer.from(salt, 'base64'), Buffer.from(hash, 'base64'), options);
  }

  /** A hash of the same cost that no password matches. */
  unmatchable(): ScryptHash {
    return new ScryptHash(randomBytes(this.salt.length), randomBytes(this.hash.length), this.options);
  }

  /** Whether this is the password. Computed on another thread. */
  async matches(password: string): Promise<boolean> {
    return timingSafeEqual(await derive(password, this.salt, this.hash.length, this.options), this.hash);
  }
}

/** A hash of a password with a salt of its own, in the form that {@link ScryptHash.parse} reads. */
export async function hashPassword(password: string): Promise<string> {
  const { ln, r, p } = cost;
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, salt, hashBytes, optionsOf(ln, r, p));
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

function optionsOf(ln: number, r: number, p: number): ScryptOptions {
  const N = 2 ** ln;
  // The memory that the algorithm needs, and a little more: Node's default limit is 32 MiB.
  return { N, r, p, maxmem: 128 * r * (N + p + 2) + 1024 * 1024 };
}

/** Hashes the composed form (NFC, RFC 7617 §2.1), because systems differ in the form of a typed password. */
function derive(password: string, salt: Buffer, bytes: number, options: ScryptOptions): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  return promise;
}

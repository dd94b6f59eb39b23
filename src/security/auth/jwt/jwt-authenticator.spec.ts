import { generateKeyPairSync } from 'node:crypto';
import {
  createLocalJWKSet,
  errors,
  exportJWK,
  SignJWT,
  type CryptoKey,
  type FlattenedJWSInput,
  type JWK,
  type JWSHeaderParameters,
} from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PolicyContext } from '../../policy.js';
import { Accepted } from '../decision.js';
import { JwtAuthenticator } from './jwt-authenticator.js';
import type { RemoteKeys } from './remote-keys.js';

const settings = {
  issuer: ['https://issuer.example'],
  audience: ['shop'],
  algorithms: ['ES256', 'RS256'],
  forwardClaims: new Map<string, string>(),
} as unknown as ConstructorParameters<typeof JwtAuthenticator>[0];

describe('a token that was good', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { publicKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  async function setUp() {
    const keys = { version: 1, key: publicKey, asked: 0 };
    /** Happens while a key is looked for. */
    const meanwhile = { act: () => undefined as void };
    const find = async (): Promise<unknown> => {
      const { key } = keys;
      keys.asked++;
      await Promise.resolve();
      meanwhile.act();
      return key;
    };
    const remote = Object.assign(keys, { find }) as unknown as RemoteKeys;
    const token = await new SignJWT({ iss: 'https://issuer.example', aud: 'shop', sub: 'a' })
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime('1h')
      .sign(privateKey);
    const tokens = new JwtAuthenticator(settings, remote);
    const context = { headers: { authorization: `Bearer ${token}` } } as unknown as PolicyContext;
    const ask = async (): Promise<boolean> => (await tokens.authenticate(context)) instanceof Accepted;
    return { keys, meanwhile, ask };
  }

  it('is not checked again as long as the keys stay, and is when they have changed', async () => {
    const { keys, ask } = await setUp();
    expect([await ask(), await ask(), keys.asked]).toEqual([true, true, 1]);
    Object.assign(keys, { version: 2 });
    expect([await ask(), await ask(), keys.asked]).toEqual([true, true, 2]);
    Object.assign(keys, { version: 3, key: other });
    expect(await ask()).toBe(false);
  });

  it('is not kept when the keys change while it is checked', async () => {
    const { keys, meanwhile, ask } = await setUp();
    meanwhile.act = () => void Object.assign(keys, { version: 2, key: other });
    expect([await ask(), await ask()]).toEqual([true, false]);
  });
});

describe('a token that names no key, of an issuer that has many', () => {
  const pairs = Array.from({ length: 30 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  let jwks: JWK[];
  /** Checks of a signature by a key. */
  let checks = 0;

  beforeAll(async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const others = await Promise.all(Array.from({ length: 20 }, () => exportJWK(rsa.publicKey)));
    jwks = [...others, ...(await Promise.all(pairs.map(({ publicKey }) => exportJWK(publicKey))))];
  });

  /** Whether a token is accepted that the key of this number has signed. */
  async function ask(number: number, expiry = '1h'): Promise<boolean> {
    const find = createLocalJWKSet({ keys: jwks });
    const keys = {
      find: async (header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> => {
        try {
          return await find(header, token);
        } catch (error) {
          if (error instanceof errors.JWKSMultipleMatchingKeys) counted(error);
          throw error;
        }
      },
    } as unknown as RemoteKeys;
    const token = await new SignJWT({ iss: 'https://issuer.example', aud: 'shop', sub: 'a' })
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime(expiry)
      .sign(pairs[number]!.privateKey);
    checks = 0;
    const context = { headers: { authorization: `Bearer ${token}` } } as unknown as PolicyContext;
    return (await new JwtAuthenticator(settings, keys).authenticate(context)) instanceof Accepted;
  }

  function counted(error: errors.JWKSMultipleMatchingKeys): void {
    const all = error[Symbol.asyncIterator].bind(error);
    error[Symbol.asyncIterator] = async function* () {
      for await (const key of { [Symbol.asyncIterator]: all }) {
        checks++;
        yield key;
      }
    };
  }

  it('is valid when one of the first ten keys for its algorithm has signed it', async () => {
    expect(await ask(0)).toBe(true);
    expect(await ask(9)).toBe(true);
  });

  it('costs ten checks of its signature at most, for any number of keys', async () => {
    expect([await ask(29), checks]).toEqual([false, 10]);
  });

  it('is not checked by other keys when its signature is valid and it has expired', async () => {
    expect([await ask(3, '-1h'), checks]).toEqual([false, 4]);
  });
});

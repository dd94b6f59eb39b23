import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT, exportJWK, type JWTHeaderParameters } from 'jose';
import { startBackend, type Echo, type TestBackend } from '../support/backend.js';
import type { Certificate } from '../support/certificate.js';
import { request, type RequestOptions, type Response } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';

/** What `iss` must be. */
export const issuer = 'https://issuer.example';
/** What `aud` must be. */
export const audience = 'shop';

/** A key pair of an issuer. */
export interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A new RSA pair. */
export const rsa = (): Pair => generateKeyPairSync('rsa', { modulusLength: 2048 });
/** The current time in the unit of tokens, seconds since 1970. */
export const seconds = (): number => Math.floor(Date.now() / 1000);

/** A server with a key set that can be changed while it runs. */
export class Issuer {
  keys: object[] = [];
  fetches = 0;
  /** What it answers instead of the keys. */
  answer: (() => [status: number, body: string]) | undefined;

  constructor(
    private readonly pairs: Map<string, Pair>,
    readonly server: TestBackend,
  ) {}

  static start(...pairs: [kid: string, pair: Pair][]): Promise<Issuer> {
    return Issuer.startOver(undefined, ...pairs);
  }

  /** With a certificate: over https. */
  static async startOver(tls: Certificate | undefined, ...pairs: [kid: string, pair: Pair][]): Promise<Issuer> {
    const server = await startBackend(undefined, tls === undefined ? {} : { tls });
    const self = new Issuer(new Map(), server);
    server.handler = (_request, response) => {
      self.fetches++;
      const [status, body] = self.answer?.() ?? [200, JSON.stringify({ keys: self.keys })];
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    for (const [kid, pair] of pairs) await self.add(kid, pair);
    return self;
  }

  async add(kid: string, pair: Pair, more: object = {}): Promise<void> {
    this.pairs.set(kid, pair);
    this.keys.push({ ...(await exportJWK(pair.publicKey)), kid, use: 'sig', ...more });
  }

  /** A good token, but for what is changed. */
  token(claims: object = {}, header: Partial<JWTHeaderParameters> = {}, kid = 'one'): Promise<string> {
    const all = { iss: issuer, aud: audience, sub: 'alice', exp: seconds() + 600, ...claims };
    return new SignJWT(all as Record<string, unknown>)
      .setProtectedHeader({ alg: 'RS256', kid, ...header })
      .sign(this.pairs.get(kid)!.privateKey);
  }

  jwt(more: object = {}): object {
    return { jwks: `${this.server.url}/keys`, issuer, audience, forwardClaims: { sub: 'x-user-id' }, ...more };
  }
}

/** The pair that is called `one`, where a test does not say otherwise. */
export const one = rsa();
/** A pair that no issuer knows until it is added. */
export const stranger = rsa();

/** A gateway with that `security.auth` before an echoing backend. */
export async function start(
  auth: object,
  others: object = {},
): Promise<{
  gateway: InProcessGateway;
  backend: TestBackend;
  ask: (headers?: RequestOptions['headers'], path?: string) => Promise<Response>;
}> {
  const backend = await startBackend();
  const gateway = await startInProcess({
    upstreams: { app: { backends: [backend.url] } },
    security: { auth },
    ...others,
  });
  const ask = (headers: RequestOptions['headers'] = {}, path = '/'): Promise<Response> =>
    request(gateway.port, { path, headers });
  return { gateway, backend, ask };
}

/** The field that carries a token. */
export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });
/** The fields that the backend got, as it echoed them. */
export const seen = (response: Response): string[] => response.json<Echo>().headers;
/** A part of a token. */
export const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

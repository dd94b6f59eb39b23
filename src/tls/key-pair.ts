import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { readBounded, whyUnreadable } from '../platform/bounded-file.js';

const day = 24 * 60 * 60 * 1000;
/** Days before a certificate expires in which a warning is given. */
const warnAhead = 30;
const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** A file with a certificate, its key, or authorities cannot be used. The message is one line: the file, and the remedy. */
export class CertificateFileError extends Error {
  constructor(
    /** The key of the configuration that names the file. */
    readonly key: 'cert' | 'key' | 'ca',
    message: string,
  ) {
    super(message);
  }
}

/** A certificate with its private key, as read from two PEM files that belong together. */
export interface KeyPair {
  /** PEM: the server's own certificate, followed by the intermediate ones. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** The server's own certificate. */
  readonly leaf: X509Certificate;
}

/**
 * Reads a certificate and its key, and makes sure that they can be served at `now` (milliseconds since 1970).
 * @throws CertificateFileError when a file is missing, unreadable, not PEM, encrypted, the pair does not match, or the certificate
 * has expired or is not valid yet.
 */
export function readKeyPair(files: { readonly cert: string; readonly key: string }, now: number = Date.now()): KeyPair {
  const certFile = `certificate file ${JSON.stringify(files.cert)}`;
  const keyFile = `key file ${JSON.stringify(files.key)}`;
  const cert = read('cert', certFile, files.cert);
  const chain = certificatesIn('cert', certFile, files.cert, cert);
  const leaf = chain[0]!;
  if (leaf.validToDate.getTime() <= now) {
    throw new CertificateFileError('cert', `${certFile} expired on ${date(leaf.validToDate)}: renew it`);
  }
  if (leaf.validFromDate.getTime() > now) {
    const when = `is not valid before ${date(leaf.validFromDate)}`;
    throw new CertificateFileError('cert', `${certFile} ${when}: use one that is, or set the clock of this machine`);
  }
  const key = read('key', keyFile, files.key);
  const privateKey = privateKeyIn(keyFile, files.key, key);
  if (!leaf.checkPrivateKey(privateKey)) {
    throw chain.some(each => each.checkPrivateKey(privateKey))
      ? new CertificateFileError('cert', `${certFile} must begin with the server's own certificate: put it first`)
      : new CertificateFileError('key', `${keyFile} does not belong to ${certFile}: give the key that it was made for`);
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new CertificateFileError('cert', `${certFile} cannot be used for TLS: ${(error as Error).message}`);
  }
  return { cert, key, leaf };
}

/**
 * Reads the PEM file of the authorities whose certificates are accepted.
 * @throws CertificateFileError when it cannot be read, or holds no certificate.
 */
export function readAuthorities(path: string): string {
  const file = `file ${JSON.stringify(path)}`;
  const text = read('ca', file, path);
  certificatesIn('ca', file, path, text);
  return text;
}

/** The warning for a certificate that expires in less than 30 days; undefined for others. `file`: its path. */
export function expiryWarning(file: string, leaf: X509Certificate, now: number = Date.now()): string | undefined {
  const days = Math.floor((leaf.validToDate.getTime() - now) / day);
  if (days >= warnAhead) return undefined;
  return `certificate file ${JSON.stringify(file)} expires in ${days === 1 ? '1 day' : `${days} days`}: renew it`;
}

/** Whether a message comes from {@link expiryWarning}: a listener logs it itself at its start, so it must not be logged a second time. */
export function isExpiryWarning(message: string): boolean {
  return /^certificate file ".*" expires in \d+ days?: renew it$/.test(message);
}

function read(key: CertificateFileError['key'], file: string, path: string): string {
  try {
    // Also read while traffic runs, so it must not wait.
    return readBounded(path, { maxWait: 0 }).toString('latin1');
  } catch (error) {
    const why = whyUnreadable(error);
    const remedy = why.startsWith('may not') ? "let the gateway's user read it" : 'give the path of a PEM file';
    throw new CertificateFileError(key, `${file} ${why}: ${remedy}`);
  }
}

function certificatesIn(
  key: CertificateFileError['key'],
  file: string,
  path: string,
  text: string,
): [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = text.match(block) ?? [];
  if (first === undefined) {
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
      throw new CertificateFileError(key, `${file} holds a private key instead of a certificate: are the two swapped?`);
    }
    const convert = `openssl x509 -inform der -in ${path} -out ${path}.pem`;
    throw new CertificateFileError(
      key,
      `${file} is not a PEM certificate: convert one in DER with "${oneLine(convert)}"`,
    );
  }
  const parse = (pem: string): X509Certificate => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      const why = oneLine((error as Error).message);
      throw new CertificateFileError(key, `${file} holds a certificate that cannot be read (${why}): replace it`);
    }
  };
  return [parse(first), ...others.map(parse)];
}

function privateKeyIn(file: string, path: string, text: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    const decrypt = `openssl pkey -in ${path} -out ${path}.plain`;
    throw new CertificateFileError('key', `${file} is encrypted: decrypt it with "${oneLine(decrypt)}"`);
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new CertificateFileError(
      'key',
      text.includes('-----BEGIN CERTIFICATE-----')
        ? `${file} holds a certificate instead of a private key: are the two swapped?`
        : `${file} is not a PEM private key: convert one in DER with "${oneLine(`openssl pkey -inform der -in ${path} -out ${path}.pem`)}"`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new CertificateFileError(
      'key',
      `${file} holds a private key that cannot be read (${oneLine((error as Error).message)}): replace it`,
    );
  }
}

const date = (when: Date): string => when.toISOString().replace(/\.000Z$/, 'Z');
const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireTool } from './require-tool.js';
import { tempFolder } from './temp.js';

const run = promisify(execFile);

/** A key pair with its certificate, as PEM and as files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** What a certificate says. */
export interface CertificateOptions {
  /** DNS names and IP addresses it is good for. Default: localhost and 127.0.0.1. */
  readonly names?: readonly string[];
  /** Who signs it. Default: itself; it can then be its own `ca`. */
  readonly issuer?: Certificate;
  /** Common name of the subject. Default: the first name. */
  readonly commonName?: string;
  /** Days until it expires. Default 2; negative: it has expired (needs no issuer). */
  readonly days?: number;
}

/**
 * Makes a certificate with openssl (P-256, so that it is quick); it may itself sign others. Its files live as long as the test.
 * Skips the test or suite when openssl is not installed (see `requireTool`).
 */
export async function makeCertificate(options: CertificateOptions = {}): Promise<Certificate> {
  const { names = ['localhost', '127.0.0.1'], issuer, commonName = names[0] ?? 'test', days = 2 } = options;
  const openssl = requireTool('openssl');
  const folder = await tempFolder();
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const configFile = join(folder, 'openssl.cnf');
  const alternatives = names.map(name => `${/^[\d.]+$|:/.test(name) ? 'IP' : 'DNS'}:${name}`).join(',');
  await writeFile(
    configFile,
    `[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\n[dn]\nCN=${commonName}\n[ext]\n` +
      `subjectAltName=${alternatives}\nbasicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n`,
  );
  await run(openssl, [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-config', configFile],
    ...['-days', String(days), '-keyout', keyFile, '-out', certFile],
    ...(issuer ? ['-CA', issuer.certFile, '-CAkey', issuer.keyFile] : []),
  ]);
  return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8'), certFile, keyFile };
}

import { CertificateFileError, expiryWarning, readAuthorities, readKeyPair } from '../../../tls/key-pair.js';
import type { ListenerTlsConfig } from '../../file/listener.config.js';
import type { Path } from '../findings.js';
import type { UpstreamTlsConfig } from '../../file/upstream.config.js';
import { items, type CheckContext } from './check.js';
import { checkKeyFile } from './key-files.js';

/** Whether the files of a listener's `tls` can be served. Missing files have already been reported. */
export function checkTls(context: CheckContext, { certificates, clientAuth }: ListenerTlsConfig, path: Path): void {
  const { report, warn } = context;
  for (const [index, { cert, key }] of items(certificates)) {
    if (cert === undefined || key === undefined) continue;
    const here = [...path, 'certificates', index];
    checkKeyFile(context, [...here, 'key'], key);
    try {
      const message = expiryWarning(cert, readKeyPair({ cert, key }).leaf);
      if (message !== undefined) warn({ path: [...here, 'cert'], message });
    } catch (error) {
      report(problemOf(error, here));
    }
  }
  if (clientAuth?.ca !== undefined) checkAuthorities(context, clientAuth.ca, [...path, 'clientAuth']);
}

/** Whether the files of an upstream's `tls` can be used. */
export function checkBackendTls(context: CheckContext, { ca, cert, key }: UpstreamTlsConfig, path: Path): void {
  if (ca !== undefined) checkAuthorities(context, ca, path);
  if (cert === undefined || key === undefined) return;
  checkKeyFile(context, [...path, 'key'], key);
  try {
    readKeyPair({ cert, key });
  } catch (error) {
    context.report(problemOf(error, path));
  }
}

function checkAuthorities({ report }: CheckContext, ca: string, path: Path): void {
  try {
    readAuthorities(ca);
  } catch (error) {
    report(problemOf(error, path));
  }
}

function problemOf(error: unknown, path: Path): { path: Path; message: string } {
  if (!(error instanceof CertificateFileError)) throw error;
  return { path: [...path, error.key], message: error.message };
}

import type { AdminConfig } from '../config/file/admin.config.js';

/** The field with the admin token, if there is one. */
export function authorizationOf(token: string | undefined): Record<string, string> {
  return token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` };
}

/** Where the admin listener of a file is reached from this machine; undefined: the system chooses its port. */
export function adminAddressOf({ host, port }: Pick<AdminConfig, 'host' | 'port'>): string | undefined {
  if (port === 0) return undefined;
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

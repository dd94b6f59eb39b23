import { isLoopback } from '../../../addresses/loopback.js';
import type { AuthConfig } from '../../file/auth.config.js';
import { isWritten } from '../../language/fields.js';
import type { Path } from '../findings.js';
import { readAuthorities } from '../../../tls/key-pair.js';
import { mask } from '../../language/kinds/secret.js';
import { items, type CheckContext } from './check.js';

const methods = ['jwt', 'apiKey', 'basic', 'forward'] as const;

/** Checks each `security.auth`: the top-level one and those of routes. */
export function checkAuth(context: CheckContext): void {
  const { security, routes } = context.config;
  checkBlock(context, ['security', 'auth'], security.auth);
  for (const [index, route] of items(routes)) {
    checkBlock(context, ['routes', index, 'security', 'auth'], route.security?.auth);
  }
}

function checkBlock(context: CheckContext, path: Path, auth: AuthConfig | undefined): void {
  if (!auth) return;
  const { report } = context;
  const given = methods.filter(method => isWritten(auth, method));
  if (given.length === 0 && auth.mode !== 'off') {
    report({ path, message: `no method: give one of ${methods.join(', ')}, or mode: off`, at: 'key' });
  }
  if (given.length > 0 && auth.mode === 'off') {
    report({ path: [...path, 'mode'], message: `off and ${given.join(', ')} exclude each other` });
  }
  if (auth.mode === 'all' && isWritten(auth, 'jwt') && isWritten(auth, 'basic')) {
    const message = 'no request can meet jwt and basic together: both are read from Authorization';
    report({ path: [...path, 'mode'], message });
  }
  checkAddresses(context, path, auth);
  checkForwardClaims(context, path, auth);
  checkForwardUser(context, path, auth);
  checkApiKeys(context, path, auth);
  checkUsers(context, path, auth);
}

function checkAddresses(context: CheckContext, path: Path, { jwt, forward }: AuthConfig): void {
  const { report, warn } = context;
  const addresses = [
    [[...path, 'jwt', 'jwks'], jwt?.jwks],
    [[...path, 'forward', 'url'], forward?.url],
  ] as const;
  for (const [here, text] of addresses) {
    const url = text === undefined ? null : URL.parse(text);
    if (url !== null && (url.username !== '' || url.password !== ''))
      report({ path: here, message: 'may not carry a user or password' });
  }
  checkAuthorities(context, [...path, 'jwt'], jwt?.jwks, jwt?.ca);
  checkAuthorities(context, [...path, 'forward'], forward?.url, forward?.ca);
  const keys = jwt?.jwks === undefined ? null : URL.parse(jwt.jwks);
  if (keys?.protocol === 'http:' && !isLoopback(keys.hostname)) {
    const message = 'keys that are fetched over http can be replaced by anyone on the way: use https';
    warn({ path: [...path, 'jwt', 'jwks'], message });
  }
}

function checkAuthorities(
  { report, warn }: CheckContext,
  path: Path,
  url: string | undefined,
  ca: string | undefined,
): void {
  if (ca === undefined) return;
  const here = [...path, 'ca'];
  if (url?.startsWith('http:')) warn({ path: here, message: 'has no effect on an address without https', at: 'key' });
  try {
    readAuthorities(ca);
  } catch (error) {
    report({ path: here, message: error instanceof Error ? error.message : String(error) });
  }
}

function checkForwardClaims({ report }: CheckContext, path: Path, { jwt }: AuthConfig): void {
  const fields = new Map<string, string>();
  for (const [claim, field] of jwt?.forwardClaims ?? []) {
    const other = fields.get(field);
    if (other !== undefined) {
      const message = `${JSON.stringify(other)} goes into ${JSON.stringify(field)} too: give each claim a field of its own`;
      report({ path: [...path, 'jwt', 'forwardClaims', claim], message });
    }
    fields.set(field, claim);
  }
}

/** The identity must not take the place of a claim or of what the auth service says, nor of the key itself. */
function checkForwardUser({ report }: CheckContext, path: Path, auth: AuthConfig): void {
  const { apiKey, forward, forwardUser, jwt } = auth;
  if (forwardUser === undefined) return;
  const owners = [
    ...[...(jwt?.forwardClaims.values() ?? [])].map(field => [field, 'jwt.forwardClaims'] as const),
    ...(forward?.copyHeaders ?? []).map(field => [field, 'forward.copyHeaders'] as const),
    ...(apiKey === undefined ? [] : [[apiKey.header, 'apiKey.header'] as const]),
  ];
  const owner = owners.find(([field]) => field === forwardUser)?.[1];
  if (owner === undefined) return;
  const message = `${JSON.stringify(forwardUser)} belongs to ${owner}: give the identity a field of its own`;
  report({ path: [...path, 'forwardUser'], message });
}

function checkApiKeys({ report }: CheckContext, path: Path, auth: AuthConfig): void {
  const { apiKey } = auth;
  if (!apiKey) return;
  if (apiKey.header === 'authorization' && (isWritten(auth, 'jwt') || isWritten(auth, 'basic'))) {
    const message = 'jwt and basic read Authorization: give the keys a field of their own';
    report({ path: [...path, 'apiKey', 'header'], message });
  }
  const hashes = new Map<string, number>();
  for (const [index, { sha256 }] of items(apiKey.keys)) {
    const here = [...path, 'apiKey', 'keys', index, 'sha256'];
    const same = hashes.get(sha256?.toLowerCase());
    if (sha256 === mask) continue;
    if (same !== undefined) report({ path: here, message: `keys[${same}] has the same hash` });
    else if (sha256 !== undefined) hashes.set(sha256.toLowerCase(), index);
  }
}

function checkUsers({ report, warn }: CheckContext, path: Path, { basic }: AuthConfig): void {
  const names = new Map<string, number>();
  for (const [index, { name, scrypt }] of items(basic?.users)) {
    const here = [...path, 'basic', 'users', index];
    const same = names.get(name);
    if (same !== undefined) report({ path: [...here, 'name'], message: `users[${same}] has the same name` });
    else if (name !== undefined) names.set(name, index);
    if (/^\$scrypt\$ln=1[0-3],/.test(scrypt ?? ''))
      warn({ path: [...here, 'scrypt'], message: 'a weak hash: ln should be 14 or more' });
  }
}

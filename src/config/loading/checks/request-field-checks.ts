import type { Path } from '../findings.js';
import { foldName } from '../../../fields/fold-name.js';
import { isForwardingName } from '../../../fields/forwarding-fields.js';
import { items, type CheckContext } from './check.js';

/** Checks that no request field has two owners, that kept fields would otherwise be removed, and that loops are still detected. */
export function checkRequestFields(context: CheckContext): void {
  checkIdField(context);
  checkKept(context);
  checkVia(context);
}

/** `Via` is the field by which a request that has gone in a circle is recognised. */
function checkVia({ config, warn }: CheckContext): void {
  for (const [index, { headers }] of items(config.routes)) {
    const { remove, set } = headers.request;
    const path: Path = ['routes', index, 'headers', 'request'];
    const message =
      'without its own name in Via the gateway does not find out that a request has come round (508 LOOP)';
    if (set.has('via')) warn({ path: [...path, 'set', 'via'], message });
    if (remove.includes('via')) warn({ path: [...path, 'remove', remove.indexOf('via')], message });
  }
}

/** The request id would overwrite an identity or be overwritten by it, and an API key would be read as a request id. */
function checkIdField({ config, name, report }: CheckContext): void {
  const id = config.requestId.header;
  for (const [field, owner] of ownedNames(config)) {
    if (foldName(field) !== foldName(id)) continue;
    const message = `${JSON.stringify(id)} belongs to ${name(owner)}: choose another name`;
    return report({ path: ['requestId', 'header'], message });
  }
}

function* ownedNames({ forwardedFields, routes, security }: CheckContext['config']): Generator<[string, Path]> {
  const blocks: [Path, typeof security.auth][] = [
    [['security', 'auth'], security.auth],
    ...items(routes).map(([index, route]): [Path, typeof security.auth] => [
      ['routes', index, 'security', 'auth'],
      route.security?.auth,
    ]),
  ];
  for (const [place, auth] of blocks) {
    for (const name of auth?.jwt?.forwardClaims.values() ?? []) yield [name, [...place, 'jwt', 'forwardClaims']];
    for (const name of auth?.forward?.copyHeaders ?? []) yield [name, [...place, 'forward', 'copyHeaders']];
    if (auth?.forwardUser !== undefined) yield [auth.forwardUser, [...place, 'forwardUser']];
    if (auth?.apiKey?.header !== undefined) yield [auth.apiKey.header, [...place, 'apiKey', 'header']];
  }
  for (const name of forwardedFields.add) yield [name, ['forwardedFields', 'add']];
}

function checkKept({ config: { forwardedFields }, warn }: CheckContext): void {
  const added = new Set(forwardedFields.add.map(name => typeof name === 'string' && foldName(name)));
  for (const [index, name] of forwardedFields.keep.entries()) {
    if (typeof name !== 'string') continue;
    const path: Path = ['forwardedFields', 'keep', index];
    const said = JSON.stringify(name);
    if (added.has(foldName(name))) {
      warn({
        path,
        message: `${said} stands in forwardedFields.add too, which takes it away: one of the two has no effect`,
      });
    } else if (!isForwardingName(foldName(name))) {
      warn({ path, message: `${said} is not among the fields that are taken away, so that keeping it has no effect` });
    }
  }
}

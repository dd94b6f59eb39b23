import { BodySchema } from '../../../body-schema/body-schema.js';
import { isWritten } from '../../language/fields.js';
import type { Path } from '../findings.js';
import { securityOf } from '../../file/route-settings.js';
import type {
  CorsConfig,
  RouteSecurityConfig,
  SecurityConfig,
  SecurityHeadersConfig,
} from '../../file/security.config.js';
import { checkChoice, items, type CheckContext } from './check.js';

/** Checks the security of a gateway and of its routes. */
export function checkSecurity(context: CheckContext): void {
  const { security, routes } = context.config;
  checkBlocks(context, ['security'], security);
  for (const [index, route] of items(routes)) {
    if (route.security) checkBlocks(context, ['routes', index, 'security'], route.security);
  }
  checkHeldBodies(context);
}

function checkBlocks(context: CheckContext, path: Path, security: SecurityConfig | RouteSecurityConfig): void {
  const { cors, headers, policies, validation } = security;
  for (const [index, choice] of items(policies)) {
    checkChoice(context, { path: [...path, 'policies', index], kind: 'policy', choice });
  }
  if (cors) checkCors(context, [...path, 'cors'], cors);
  if (headers) checkHeaders(context, [...path, 'headers'], headers);
  const schema = validation?.body?.schema;
  if (schema !== undefined) checkSchema(context, [...path, 'validation', 'body', 'schema'], schema);
}

function checkCors({ report, warn }: CheckContext, path: Path, { origins, credentials }: CorsConfig): void {
  if (origins === undefined) return;
  const all = origins.includes('*');
  if (all && credentials) {
    const message = 'credentials and the origin * exclude each other: list the origins that may use them';
    report({ path: [...path, 'credentials'], message, found: 'true', allowed: 'false, or origins without *' });
  }
  if (all && origins.length > 1) {
    warn({ path: [...path, 'origins'], message: 'the others have no effect beside *', at: 'key' });
  }
  if (origins.includes('null')) {
    const message = 'any page can make its origin null, with a sandboxed frame: this allows all of them';
    warn({ path: [...path, 'origins'], message, at: 'key' });
  }
}

const referrerPolicies =
  /^(no-referrer|no-referrer-when-downgrade|origin|origin-when-cross-origin|same-origin|strict-origin|strict-origin-when-cross-origin|unsafe-url)$/i;

function checkHeaders({ warn }: CheckContext, path: Path, headers: SecurityHeadersConfig): void {
  const { hsts, frameOptions, referrerPolicy } = headers;
  const unknown = (key: string, allowed: string): void =>
    warn({ path: [...path, key], message: `browsers will not understand this, they know ${allowed}`, allowed });
  if (hsts !== '' && !/^(?:.*;)?\s*max-age\s*=\s*"?\d+"?\s*(?:;|$)/i.test(hsts)) {
    unknown('hsts', 'max-age=<seconds>, with ; includeSubDomains and ; preload');
  }
  if (frameOptions !== '' && !/^(deny|sameorigin)$/i.test(frameOptions)) unknown('frameOptions', 'DENY and SAMEORIGIN');
  if (referrerPolicy !== '' && !referrerPolicy.split(',').every(each => referrerPolicies.test(each.trim()))) {
    unknown('referrerPolicy', 'no-referrer, same-origin, strict-origin-when-cross-origin and the like');
  }
}

function checkSchema({ report }: CheckContext, path: Path, file: string): void {
  try {
    BodySchema.read(file);
  } catch (error) {
    report({ path, message: error instanceof Error ? error.message : String(error) });
  }
}

/** Reports checks of bodies without a limit: such bodies are held in memory. */
function checkHeldBodies({ config, report }: CheckContext): void {
  const message = 'bodies are held in memory to look at them: maxBody must bound them';
  for (const [index, route] of items(config.routes)) {
    const { body, maxBody } = securityOf(config, route).validation;
    if (body === undefined || maxBody > 0) continue;
    const own = route.security?.validation;
    const owner = own !== undefined && isWritten(own, 'body') ? ['routes', index, 'security'] : ['security'];
    report({
      path: [...owner, 'validation', 'body'],
      message,
      at: 'key',
      allowed: 'a maxBody greater than 0b beside it',
    });
  }
}

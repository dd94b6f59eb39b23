import { isRefused, isWritten } from '../../language/fields.js';
import type { Path } from '../findings.js';
import { nearest } from '../../../spelling/nearest.js';
import { patternParameters, templateParameters } from '../../language/kinds/path-pattern.js';
import type { RouteConfig } from '../../file/route.config.js';
import { checkChoice, checkUpstreamName, items, type CheckContext } from './check.js';

const actions = ['upstream', 'split', 'redirect', 'respond'] as const;
const rewrites = ['stripPrefix', 'replacePrefix', 'path'] as const;

/** Checks each route, against the upstreams and the other routes. */
export function checkRoutes(context: CheckContext): void {
  const names = new Map<string, number>();
  for (const [index, route] of items(context.config.routes)) {
    const path = ['routes', index];
    checkAction(context, path, route);
    checkTemplates(context, path, route);
    checkSplit(context, path, route);
    checkHostRules(context, path, route);
    checkUpstreamName(context, [...path, 'upstream'], route.upstream);
    checkUpstreamName(context, [...path, 'mirror', 'upstream'], route.mirror?.upstream);
    for (const [at, choice] of items(route.transformers))
      checkChoice(context, { path: [...path, 'transformers', at], kind: 'transformer', choice });
    checkWholeGatewayKeys(context, path, route);
    const same = names.get(route.name);
    if (same !== undefined && isWritten(route, 'name')) {
      context.report({
        path: [...path, 'name'],
        message: `${context.name(['routes', same])} is called ${JSON.stringify(route.name)} too`,
      });
    } else names.set(route.name, index);
  }
}

function checkAction({ report, warn }: CheckContext, path: Path, route: RouteConfig): void {
  const [first, ...more] = actions.filter(key => isWritten(route, key) || route[key] !== undefined);
  if (first === undefined) {
    report({
      path,
      message: 'missing: one of upstream, split, redirect or respond says what happens',
      allowed: actions.join(', '),
    });
  }
  for (const key of more) {
    report({
      path: [...path, key],
      message: `${first} and ${key} exclude each other: a route does one thing`,
      at: 'key',
    });
  }
  const answers = isWritten(route, 'redirect') || isWritten(route, 'respond');
  for (const key of ['rewrite', 'timeouts', 'mirror', 'transformers'].filter(
    each => answers && isWritten(route, each),
  )) {
    warn({ path: [...path, key], message: `has no effect: the gateway answers this route itself`, at: 'key' });
  }
  const { rewrite } = route;
  if (!rewrite) return;
  const ways = rewrites.filter(key => isWritten(rewrite, key));
  if (ways.length !== 1) {
    const message =
      ways.length === 0
        ? `missing: one of ${rewrites.join(', ')}`
        : `${ways.join(' and ')} exclude each other: a rewrite is one of them`;
    report({ path: [...path, 'rewrite'], message, at: 'key' });
  }
  const prefix = rewrite.stripPrefix ?? rewrite.replacePrefix?.[0];
  const paths = route.match.path;
  if (
    prefix !== undefined &&
    paths.length > 0 &&
    !paths.some(each => each === prefix || each.startsWith(prefix.replace(/\/?$/, '/')))
  ) {
    warn({
      path: [...path, 'rewrite'],
      message: `no path of the match begins with ${prefix}, so nothing is rewritten`,
      at: 'key',
    });
  }
}

function checkTemplates({ report }: CheckContext, path: Path, { match, rewrite, redirect }: RouteConfig): void {
  if (isRefused(match, 'path')) return;
  const defined = match.path.length === 0 ? [[]] : match.path.map(patternParameters);
  const known = (defined[0] ?? []).filter(each => defined.every(parameters => parameters.includes(each)));
  const templates = [
    [['rewrite', 'path'], rewrite?.path],
    [['redirect', 'to'], redirect?.to],
  ] as const;
  for (const [key, template] of templates) {
    for (const parameter of templateParameters(template ?? '').filter(each => !known.includes(each))) {
      const suggestion = nearest(parameter, known);
      const offer = known.length === 0 ? 'it defines none' : `it defines ${known.map(each => `:${each}`).join(', ')}`;
      const message = `:${parameter} is not defined by every path of the match (${offer})`;
      report({
        path: [...path, ...key],
        message,
        ...(suggestion === undefined ? {} : { suggestion: `:${suggestion}` }),
      });
    }
  }
}

function checkSplit(context: CheckContext, path: Path, { split }: RouteConfig): void {
  const parts = items(split);
  const seen = new Set<string>();
  for (const [index, part] of parts) {
    const here = [...path, 'split', index, 'upstream'];
    checkUpstreamName(context, here, part.upstream);
    if (part.upstream !== undefined && seen.has(part.upstream)) {
      context.report({ path: here, message: `${JSON.stringify(part.upstream)} stands twice in the split` });
    }
    seen.add(part.upstream);
  }
  const allZero = parts.length > 0 && parts.length === split?.length && parts.every(([, { weight }]) => weight === 0);
  if (allZero)
    context.report({
      path: [...path, 'split'],
      message: 'the weights of a split must add up to more than 0',
      at: 'key',
    });
}

/** Every request has one Host (RFC 9112 §3.2): it can be replaced, but neither added nor removed. */
function checkHostRules({ report }: CheckContext, path: Path, { headers }: RouteConfig): void {
  const request = headers?.request;
  if (!request) return;
  const message = 'every request has one Host: set replaces it, as does hostHeader of the upstream';
  if (request.add.has('host')) report({ path: [...path, 'headers', 'request', 'add', 'host'], message, at: 'key' });
  const index = request.remove.indexOf('host');
  if (index !== -1) report({ path: [...path, 'headers', 'request', 'remove', index], message });
}

function checkWholeGatewayKeys({ report }: CheckContext, path: Path, { security }: RouteConfig): void {
  const validation = security?.validation;
  if (!validation) return;
  for (const key of ['maxUrl', 'maxHeaders', 'maxHeaderSize'].filter(each => isWritten(validation, each))) {
    const message = 'holds before a route is known: it can only be set in the top-level security.validation';
    report({ path: [...path, 'security', 'validation', key], message, at: 'key' });
  }
}

import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

const parameterName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const unfit = /[?#\s\\\p{Cc}]/u;

/**
 * A path to match: literal segments, `:name` for any one segment, and `*` as the last segment for all further segments.
 * `/orders/*` matches `/orders` too.
 */
export const pathPattern: Kind<string> = {
  label: 'path pattern',
  expected: 'a path such as /orders, /orders/* or /orders/:id',
  schema: { type: 'string', pattern: '^/' },
  parse(raw) {
    if (typeof raw !== 'string') return new Invalid(raw, this.expected);
    if (!raw.startsWith('/'))
      return new Invalid(raw, this.expected, /^[\w:*]/.test(raw) ? { suggestion: `/${raw}` } : {});
    if (unfit.test(raw)) return unfitPath(raw, this.expected);
    const fault = faultOf(raw.split('/').slice(1));
    return fault === undefined
      ? raw
      : new Invalid(raw, this.expected, { message: `path ${JSON.stringify(raw)} ${fault}` });
  },
  format: value => value,
};

/** A path or the beginning of one, without wildcards. */
export const plainPath: Kind<string> = {
  label: 'path',
  expected: 'a path that starts with /',
  schema: { type: 'string', pattern: '^/' },
  parse(raw) {
    if (typeof raw !== 'string' || !raw.startsWith('/')) return new Invalid(raw, this.expected);
    return unfit.test(raw) ? unfitPath(raw, this.expected) : raw;
  },
  format: value => value,
};

/** The refusal of a path with characters that no path may have. */
function unfitPath(raw: string, expected: string): Invalid {
  const bare = raw.replaceAll(' ', '%20');
  const message = `path ${JSON.stringify(raw)} holds a character that no request path has (space, ?, #, \\ or a control)`;
  return new Invalid(raw, expected, { message, ...(raw !== bare && !unfit.test(bare) && { suggestion: bare }) });
}

/** The parameters that a path pattern defines: its `:name` segments, and `rest` for a `*`. */
export function patternParameters(path: string): string[] {
  return path.split('/').flatMap(segment => {
    if (segment === '*') return ['rest'];
    return segment.startsWith(':') ? [segment.slice(1)] : [];
  });
}

/** The parameters in a template such as `/x/:id` or `https://new.example/:rest`, each once. */
export function templateParameters(template: string): string[] {
  return [...new Set([...template.matchAll(/:([A-Za-z_][A-Za-z0-9_]*)/g)].map(match => String(match[1])))];
}

function faultOf(segments: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    if (segment === '.' || segment === '..') return 'holds a . or .. segment, which no normalised path has';
    if (segment.includes('*') && (segment !== '*' || index < segments.length - 1)) {
      return 'has a * that is not the whole of its last segment';
    }
    const parameter = segment === '*' ? 'rest' : segment.startsWith(':') ? segment.slice(1) : undefined;
    if (parameter === undefined) continue;
    if (!parameterName.test(parameter)) return `has a parameter without a proper name: "${segment}"`;
    if (seen.has(parameter)) return `defines the parameter :${parameter} twice`;
    seen.add(parameter);
  }
  return undefined;
}

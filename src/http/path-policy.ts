import { DOT_SEGMENT, isPlain, mergeSlashes, rooted, withoutDotSegments } from './path.js';

/** What is done to the path that a backend gets: `security.validation.path` of the configuration. */
export interface PathPolicy {
  readonly dotSegments: 'normalize' | 'reject' | 'keep';
  readonly duplicateSlashes: 'keep' | 'merge' | 'reject';
  readonly encodedSlash: 'keep' | 'reject';
  readonly encodedDelimiters: 'keep' | 'reject';
  readonly controls: 'keep' | 'reject';
  readonly backslash: 'keep' | 'reject';
  readonly pathParameters: 'keep' | 'reject';
  readonly doubleEncoding: 'keep' | 'reject';
  readonly trailingSpace: 'keep' | 'reject';
}

/** Why a path is refused, with a sentence for the client. */
interface PathRejection {
  readonly reason: keyof PathPolicy;
  readonly detail: string;
}

/** A key, how to see what it refuses, and what that is called. The first that is found is what the client hears of. */
const refused = [
  ['backslash', /\\/, 'a backslash'],
  ['controls', /[\x00-\x1f\x7f]|%(?:[01][0-9a-f]|7f)/i, 'control characters'],
  ['doubleEncoding', /%25[0-9a-f]{2}/i, 'an escape that is escaped again'],
  ['encodedSlash', /%(?:2f|5c)/i, 'an encoded slash or backslash'],
  ['encodedDelimiters', /%(?:3f|23)/i, 'an encoded question mark or number sign'],
  ['pathParameters', /;|%3b/i, 'a semicolon'],
  // A space before anything that some server may take for the end of a segment.
  ['trailingSpace', /(?:%20|%09|[ \t])(?=[/\\;]|%2f|%5c|%3b|$)/i, 'a space at the end of a segment'],
  // Also where only some servers see a separator or a dot.
  [
    'dotSegments',
    /(?:[/\\]|%(?:25)*(?:2f|5c))(?:\.|%(?:25)*2e){1,2}(?=[/\\;]|%(?:25)*(?:2f|5c|3b)|$)/i,
    'dot segments',
  ],
  ['duplicateSlashes', /\/\//, 'empty segments (duplicate slashes)'],
] as const;
const rejections = new Map(
  refused.map(([reason, , what]) => [reason, Object.freeze({ reason, detail: `The path must not contain ${what}.` })]),
);

/**
 * The path as it is sent to a backend, or why it is refused. Byte for byte what the client sent where the policy has nothing
 * to change; escapes keep their spelling. `routingPath` of the result is `routingPath` of the input under every policy. For
 * that, duplicate slashes are not merged in a path whose dot segments are kept: `/a//../b` and `/a/../b` are not the same.
 */
export function forwardedPath(path: string, policy: PathPolicy): string | PathRejection {
  if (isPlain(path) || path === '*') return path;
  let result = rooted(path);
  for (const [reason, pattern] of refused) {
    if (policy[reason] === 'reject' && pattern.test(result)) return rejections.get(reason)!;
  }
  if (policy.dotSegments === 'normalize') result = withoutDotSegments(result);
  if (policy.duplicateSlashes === 'merge' && !DOT_SEGMENT.test(result)) result = mergeSlashes(result);
  return result;
}

import { RawHeaders } from '../../fields/raw-headers.js';
import { denial } from '../denial.js';
import type { PolicyContext } from '../policy.js';

/** The error for several `Content-Type` fields: servers differ in which one they use. */
export const severalTypes = denial('content-type', 'several', {
  status: 400,
  detail: 'The request must have at most one Content-Type.',
});

/** The media type of a request's body in lower case, without parameters; empty when it has none (RFC 9110 §8.3.1). */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return '';
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/** Whether a request has several `Content-Type` fields. Node keeps the first, backends may use another. */
export function hasSeveralTypes({ rawHeaders }: PolicyContext): boolean {
  return RawHeaders.repeats(rawHeaders, 'content-type');
}

import type { RawHeaders } from '../../fields/raw-headers.js';
import type { BodySource } from './client-message.js';

/** Says which trailer fields of a request may be passed on. */
export interface TrailerFilter {
  passedTrailers(raw: RawHeaders): RawHeaders;
}

/** The trailer fields behind a body that a backend may get: those that the filter passes, and none without a filter. */
export function trailersOf({ rawTrailers }: BodySource, filter: TrailerFilter | undefined): RawHeaders {
  return rawTrailers.length === 0 || filter === undefined ? [] : filter.passedTrailers(rawTrailers);
}

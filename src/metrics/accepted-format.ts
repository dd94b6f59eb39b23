import type { ExpositionFormat } from './exposition.js';

interface Wish {
  readonly type: string;
  readonly version: string | undefined;
  readonly quality: number;
}

/**
 * The format that a client wants by its `Accept` (RFC 9110 §12.5.1): OpenMetrics 1.0 where it names that, and likes it no less than the text format; the text
 * format otherwise, which all scrapers and people read.
 */
export function acceptedFormat(accept: string | undefined): ExpositionFormat {
  const wishes = (accept ?? '').slice(0, 4_096).split(',').map(wishOf);
  const open = wishes.filter(
    ({ type, version }) => type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0'),
  );
  const text = wishes.filter(({ type, version = '0.0.4' }) => type === 'text/plain' && version === '0.0.4');
  const best = (all: readonly Wish[]): number => Math.max(0, ...all.map(({ quality }) => quality));
  return best(open) > 0 && best(open) >= best(text) ? 'openmetrics' : 'prometheus';
}

function wishOf(range: string): Wish {
  const [type = '', ...parameters] = range.split(';').map(part => part.trim().toLowerCase());
  const value = (name: string): string | undefined =>
    parameters
      .find(each => each.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replace(/^"(.*)"$/, '$1');
  const quality = Number(value('q') ?? '1');
  return { type, version: value('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

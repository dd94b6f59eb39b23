import { slowerThan } from '../config/language/kinds/access-log.js';
import type { ExchangeRecord } from '../http/exchange-record.js';

type Filter = (record: ExchangeRecord) => boolean;

/** Compiles `logging.access.only`: whether one of the conditions holds for an exchange. Undefined: there are none. */
export function accessFilter(conditions: readonly string[]): Filter | undefined {
  if (conditions.length === 0) return undefined;
  const filters = conditions.map(filterOf);
  return record => filters.some(each => each(record));
}

function filterOf(condition: string): Filter {
  if (condition === 'retried') return ({ attempts }) => attempts > 1;
  const limit = slowerThan(condition);
  if (limit !== undefined) return ({ times }) => times.closedAt - times.openedAt > limit;
  const hundreds = /^([1-5])xx$/.exec(condition)?.[1];
  if (hundreds !== undefined) return ({ status }) => Math.floor(status / 100) === Number(hundreds);
  const wanted = Number(condition);
  return ({ status }) => status === wanted;
}

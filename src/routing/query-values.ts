let lastQuery = '';
let lastParsed = new URLSearchParams();

/**
 * The decoded values of a query parameter, in order; empty when it is not there. `+` is a space. Remembers the last parsed
 * query, because the conditions of many routes may read the query of the same request.
 */
export function queryValues(query: string | undefined, name: string): readonly string[] {
  if (query === undefined || query === '') return [];
  if (query !== lastQuery) {
    // A leading `?` belongs to the first name; URLSearchParams would drop it.
    lastParsed = new URLSearchParams(query.startsWith('?') ? `?${query}` : query);
    lastQuery = query;
  }
  return lastParsed.getAll(name);
}

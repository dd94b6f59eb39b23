let lastQuery = '';
let lastParsed = new URLSearchParams();

/**
 * The decoded values of a query parameter, in order; empty when it is not there. `+` is a space.
 * The query parsed last is remembered: many routes may ask about the same request.
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

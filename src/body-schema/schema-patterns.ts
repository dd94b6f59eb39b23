import { PatternError } from '../patterns/pattern-error.js';
import { Pattern } from '../patterns/pattern.js';

/** Keywords whose values are data, not schemas. */
const data = new Set(['const', 'default', 'enum', 'examples']);
const mostPatterns = 1024;
/** Memory that all patterns of a schema may hold together, in numbers of 8 bytes. */
const mostHeld = 2 ** 20;
const leastHeld = 1024;

/** The patterns of a schema, compiled, by their source. @throws Error that names the places of all that cannot be used. */
export function patternsOf(schema: unknown): ReadonlyMap<string, Pattern> {
  const places = new Map<string, string>();
  look(schema, '#', places);
  if (places.size > mostPatterns) throw new Error(`it has more than ${mostPatterns} different patterns`);
  const held = Math.max(leastHeld, Math.min(4096, Math.floor(mostHeld / places.size)));
  const patterns = new Map<string, Pattern>();
  const errors: string[] = [];
  for (const [source, place] of places) {
    try {
      patterns.set(source, new Pattern(source, held));
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      errors.push(`${place} ${JSON.stringify(source)} ${error.message}`);
    }
  }
  if (errors.length > 0) throw new Error(errors.join('; '));
  return patterns;
}

function look(schema: unknown, place: string, places: Map<string, string>): void {
  if (typeof schema !== 'object' || schema === null) return;
  const note = (source: string, keyword: string): void => {
    if (!places.has(source)) places.set(source, `${place}/${keyword}`);
  };
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'pattern' && typeof value === 'string') note(value, keyword);
    if (keyword === 'patternProperties' && typeof value === 'object' && value !== null) {
      for (const source of Object.keys(value)) note(source, keyword);
    }
    if (!data.has(keyword) || Array.isArray(schema)) look(value, `${place}/${keyword}`, places);
  }
}

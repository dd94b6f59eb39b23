import { describe, expect, it } from 'vitest';
import { parseConfig } from '../load-config.js';

const warningsOf = (overload: string): string[] =>
  parseConfig(`routes: [{ respond: {} }]\noverload: ${overload}`).warnings.map(
    ({ path, message }) => `${path}: ${message}`,
  );

describe('the limit of the event loop', () => {
  it('is warned about where it is no sign of an overload', () => {
    expect(warningsOf('{ eventLoopDelay: 5ms }')).toEqual([
      'overload.eventLoopDelay: less than 20ms: an event loop has such delays also when there is little to do',
    ]);
  });

  it.each(['0s', '20ms', '1s'])('may be %s', delay => {
    expect(warningsOf(`{ eventLoopDelay: ${delay} }`)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { actionsFor, consequence } from './actions.js';
import { sampleBackend } from './sample.js';

const verbs = (more: Parameters<typeof sampleBackend>[1]) =>
  actionsFor(sampleBackend('a', more)).map(({ verb }) => verb);

describe('what can be done to a backend', () => {
  it('goes by its state', () => {
    expect(verbs({})).toEqual(['Drain', 'Change the weight', 'Hold the breaker open', 'Reset the breaker']);
    expect(verbs({ breaker: { state: 'disabled' } })).toEqual(['Drain', 'Change the weight']);
    const byHand = { drained: {}, weight: { value: 5 }, breaker: { state: 'open' as const } };
    expect(verbs({ byHand, breaker: { state: 'open' } })).toEqual([
      'End the drain',
      'Change the weight',
      'Reset the weight',
      'Close the breaker',
      'Reset the breaker',
    ]);
  });

  it('is, for one that is gone, to lift what is set by hand', () => {
    expect(actionsFor(undefined).map(({ path }) => path)).toEqual(['undrain', 'weight', 'breaker/close']);
  });

  it('says what it means for the others', () => {
    const [drain, weight] = actionsFor(sampleBackend('a'));
    const upstream = (more: object) => ({
      name: 'orders',
      strategy: 'random',
      backends: [sampleBackend('a'), sampleBackend('b', more)],
    });
    expect(consequence(drain!, upstream({}), 'a')).toMatchObject({
      isBad: false,
      says: '1 other backend of orders takes its requests.',
    });
    expect(consequence(drain!, upstream({ available: false }), 'a')).toMatchObject({ isBad: true });
    expect(consequence(weight!, upstream({}), 'a')).toBeUndefined();
  });
});

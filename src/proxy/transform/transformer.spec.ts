import { expect, it } from 'vitest';
import { Transformer } from './transformer.js';

it('a transformer has a name', () => {
  class Own {}
  Transformer('own')(Own);
  expect(Transformer.read(Own)).toMatchObject({ kind: 'transformer', name: 'own' });
});

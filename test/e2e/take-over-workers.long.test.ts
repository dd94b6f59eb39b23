import { it } from 'vitest';
import { takesOver } from '../support/take-over-scene.js';

it('a gateway of two workers that a successor follows refuses no client that comes meanwhile, ends with what is in flight, and exits with 0', () =>
  takesOver(2));

import { Module } from '@nestjs/common';
import { RANDOM_SOURCE, type RandomSource } from './random-source.js';

/** Provides the {@link RandomSource}. */
@Module({
  providers: [{ provide: RANDOM_SOURCE, useValue: Math.random satisfies RandomSource }],
  exports: [RANDOM_SOURCE],
})
export class RandomModule {}

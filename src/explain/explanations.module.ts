import { Module } from '@nestjs/common';
import { Explanations } from './explanations.js';

/** Keeps the {@link Explanations} of this thread; in the main thread, those of all. */
@Module({ providers: [Explanations], exports: [Explanations] })
export class ExplanationsModule {}

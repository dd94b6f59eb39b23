import { Module } from '@nestjs/common';
import { ThreadReporter } from './thread-reporter.js';

/** {@link ThreadReporter}. Needs the global modules of metrics, breakers and streams. */
@Module({ providers: [ThreadReporter], exports: [ThreadReporter] })
export class ActivityModule {}

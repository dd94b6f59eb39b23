import { Global, Module } from '@nestjs/common';
import { EventStreams } from '../proxy/lasting/event-streams.js';
import { LongLived } from '../proxy/lasting/long-lived.js';
import { RandomModule } from '../random/random.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { EventStreamHub } from './event-stream-hub.js';

/** Gives the proxy who takes over its event streams, and keeps what outlives a response. */
@Global()
@Module({
  imports: [RandomModule, UpstreamModule],
  providers: [LongLived, EventStreamHub, { provide: EventStreams, useExisting: EventStreamHub }],
  exports: [EventStreamHub, EventStreams, LongLived],
})
export class EventStreamsModule {}

import { Module } from '@nestjs/common';
import { LongLived } from '../proxy/lasting/long-lived.js';
import { ProxyModule } from '../proxy/proxy.module.js';
import { EventStreamHub } from './event-stream-hub.js';
import { SseController } from './sse.controller.js';

/** Event streams as a protocol of their own. */
@Module({ imports: [ProxyModule], controllers: [SseController] })
export class SseModule {
  constructor(longLived: LongLived, streams: EventStreamHub) {
    longLived.open.add(streams);
  }
}

import { Module } from '@nestjs/common';
import { ProxyModule } from '../proxy/proxy.module.js';
import { SecurityModule } from '../security/security.module.js';
import { SseController } from './sse.controller.js';

/** Event streams as a protocol of their own. The controller has no path, and stands among the providers so that no router looks for one. */
@Module({ imports: [ProxyModule, SecurityModule], providers: [SseController], exports: [SseController] })
export class SseModule {}

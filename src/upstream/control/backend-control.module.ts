import { Global, Module } from '@nestjs/common';
import { UpstreamModule } from '../upstream.module.js';
import { BackendControl } from './backend-control.js';
import { ControlLog } from './control-log.js';

/** {@link BackendControl}, in any module of the application. Needs the log in a global module. */
@Global()
@Module({ imports: [UpstreamModule], providers: [ControlLog, BackendControl], exports: [BackendControl] })
export class BackendControlModule {}

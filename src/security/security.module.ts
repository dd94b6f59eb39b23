import { Module } from '@nestjs/common';
import { PolicyGuard } from './policy.guard.js';

/** The guard that runs the policies of a route; use it on controllers of your own as well. */
@Module({ providers: [PolicyGuard], exports: [PolicyGuard] })
export class SecurityModule {}

import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { NamedProviders } from '../../extension/named-providers.js';
import type { RequestPolicy } from '../policy.js';
import { Policy } from './named-policy.js';

/** All policies with `@Policy`, by name, from any module of the application. */
@Injectable()
export class NamedPolicies extends NamedProviders<RequestPolicy> {
  constructor(discovery: DiscoveryService) {
    super(discovery, Policy);
  }
}

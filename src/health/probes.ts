import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { NamedProviders } from '../extension/named-providers.js';
import { Probe, type HealthProbe } from './probe.js';

/** All probes of the application by name: `http`, `tcp` and those of any other module. */
@Injectable()
export class Probes extends NamedProviders<HealthProbe> {
  constructor(discovery: DiscoveryService) {
    super(discovery, Probe);
  }
}

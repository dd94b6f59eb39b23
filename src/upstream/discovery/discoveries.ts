import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { NamedProviders } from '../../extension/named-providers.js';
import { Discovery, type BackendDiscovery } from './discovery.js';

/** All discoveries of the application by name: `dns`, `file` and those of any other module. */
@Injectable()
export class Discoveries extends NamedProviders<BackendDiscovery> {
  constructor(discovery: DiscoveryService) {
    super(discovery, Discovery);
  }
}

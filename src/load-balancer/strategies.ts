import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { NamedProviders } from '../extension/named-providers.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';

/** All load-balancing strategies of the application by name: the built-in ones and those of any other module. */
@Injectable()
export class Strategies extends NamedProviders<LoadBalancingStrategy> {
  constructor(discovery: DiscoveryService) {
    super(discovery, Strategy);
  }
}

import 'reflect-metadata';
import { builtInExtensions } from './known-extensions.js';
import { createGateway } from './standalone.js';
import { carryTraffic } from './workers/traffic-thread.js';

await carryTraffic(createGateway, builtInExtensions);

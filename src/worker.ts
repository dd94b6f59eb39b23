import 'reflect-metadata';
import { knownNames } from './cli/load-file.js';
import { createGateway } from './standalone.js';
import { carryTraffic } from './workers/traffic-thread.js';

await carryTraffic(createGateway, knownNames);

import 'reflect-metadata';
import { createGateway } from './standalone.js';
import { carryTraffic } from './workers/traffic-thread.js';

await carryTraffic(createGateway as Parameters<typeof carryTraffic>[0]);

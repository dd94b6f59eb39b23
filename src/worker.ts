import 'reflect-metadata';
import { loadExtensions } from './cli/extension-files.js';
import { createGateway } from './standalone.js';
import { carryTraffic } from './workers/traffic-thread.js';

await carryTraffic(createGateway, loadExtensions);

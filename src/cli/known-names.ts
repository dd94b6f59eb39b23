import type { KnownNames } from '../config/loading/checks/check.js';
import { builtInProbes } from '../config/file/health-check.config.js';
import { builtInForwarders } from '../config/file/upstream.config.js';
import { builtinStrategies } from '../load-balancer/builtin-strategies.js';

/** All names that a configuration can use when the program runs it: the built-in ones, because the program loads no modules of its user. */
export const knownNames: KnownNames = {
  strategies: builtinStrategies,
  forwarders: builtInForwarders,
  probes: builtInProbes,
  policies: [],
};

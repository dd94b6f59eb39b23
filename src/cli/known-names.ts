import type { KnownNames } from '../config/loading/checks/check.js';
import { builtInProbes } from '../config/file/health-check.config.js';
import { builtInForwarders } from '../config/file/upstream.config.js';
import { builtinStrategies } from '../load-balancer/builtin-strategies.js';

/** All that a configuration can name when the program runs it: what comes with Gatehouse, for it loads no modules of its user's. */
export const knownNames: KnownNames = {
  strategies: builtinStrategies,
  forwarders: builtInForwarders,
  probes: builtInProbes,
  policies: [],
};

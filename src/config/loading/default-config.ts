import { GatewayConfig } from '../file/gateway.config.js';
import { fill } from './fill.js';

/** The configuration with all defaults, no upstreams and no routes. A new value with each call. */
export function defaultGatewayConfig(): GatewayConfig {
  const config = new GatewayConfig();
  fill(config);
  return config;
}

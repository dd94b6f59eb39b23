import { Injectable } from '@nestjs/common';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { Upstreams } from '../upstream/upstreams.js';

/** Says how the upstreams of a gateway are, for Terminus of an application: `health.check([() => upstreams.check('orders')])`. Of the gateway without a name. */
@Injectable()
export class UpstreamHealthIndicator {
  constructor(private readonly upstreams: Upstreams) {}

  /**
   * `up` where a backend of the upstream can get requests, else `down`, under the upstream's name, with the numbers of its `backends` and of those that are `available`.
   * @throws Error for an upstream that the gateway does not have
   */
  check(upstream: string): HealthIndicatorResult {
    const { available, backends } = this.upstreams.get(upstream);
    const status = available.length > 0 ? 'up' : 'down';
    return { [upstream]: { status, backends: backends.length, available: available.length } };
  }
}

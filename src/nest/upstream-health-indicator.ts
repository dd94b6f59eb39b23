import { Injectable } from '@nestjs/common';
import { Upstreams } from '../upstream/upstreams.js';

/** The state of an upstream under its name, as Terminus shows it. */
export type UpstreamHealthResult = Record<
  string,
  {
    /** `up`: a backend can get requests. */
    readonly status: 'down' | 'up';
    /** Backends that there are. */
    readonly backends: number;
    /** Of these, those that can get requests. */
    readonly available: number;
  }
>;

/** Says how the upstreams of a gateway are, for Terminus of an application: `health.check([() => upstreams.check('orders')])`. Of the gateway without a name. */
@Injectable()
export class UpstreamHealthIndicator {
  constructor(private readonly upstreams: Upstreams) {}

  /**
   * `up` where a backend of the upstream can get requests, else `down`, under the upstream's name, with the numbers of its `backends` and of those that are `available`.
   * @throws Error for an upstream that the gateway does not have
   */
  check(upstream: string): UpstreamHealthResult {
    const { available, backends } = this.upstreams.get(upstream);
    const status = available.length > 0 ? 'up' : 'down';
    return { [upstream]: { status, backends: backends.length, available: available.length } };
  }
}

import type { LiveBackend } from '../upstream/live-backend.js';
import type { Upstream } from '../upstream/upstream.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { Exchange } from './exchange.js';
import type { StreamSupply } from './lasting/event-streams.js';
import type { ForwardPlan, ForwardRoute } from './plan/route-plan.js';

/** Makes further attempts for an event stream, as the dispatcher makes them for any exchange. */
export class StreamSupplier implements StreamSupply {
  constructor(
    private readonly owner: AttemptOwner,
    private readonly exchange: Exchange,
    private readonly plan: ForwardPlan,
    private readonly route: ForwardRoute,
  ) {}

  get upstream(): Upstream {
    return this.route.target.upstream;
  }

  get exhausted(): boolean {
    return !this.route.target.hasUntried(this.exchange.tried);
  }

  mayRetry(): boolean {
    return this.owner.mayRetry(this.route);
  }

  next(): void {
    this.owner.attempt(this.exchange, this.plan, this.route);
  }

  avoid(backend: LiveBackend): void {
    const { exchange } = this;
    exchange.tried = [...exchange.tried, backend];
  }

  avoidOnlyLast(): void {
    const { exchange } = this;
    exchange.tried = exchange.tried.slice(-1);
  }
}

import type { Candidates } from '../../upstream/backend.js';
import type { LiveBackend } from '../../upstream/live-backend.js';
import type { RandomSource } from '../../random/random-source.js';
import type { AttemptObserver } from '../forwarder/forwarder.js';
import type { ExchangeView } from './exchange-view.js';
import type { ForwardPlan } from './forward-plan.js';
import type { ForwardRoute } from './forward-route.js';
import type { Target } from '../target/target.js';

/** Largest body that is copied, in bytes; requests with larger ones are not mirrored. */
const maxCopy = 64 * 1024;

/**
 * Sends copies of a share of a route's requests to another upstream and drops the answers. The client never waits for
 * a copy nor notices its fate: a copy that finds no free connection is not sent at all.
 */
export class Mirror {
  constructor(
    private readonly route: ForwardRoute,
    /** 0..1. */
    private readonly share: number,
    private readonly random: RandomSource,
  ) {}

  /** Copies the request now, or, when it has a body, once all of that has come. */
  copy(exchange: ExchangeView, plan: ForwardPlan): void {
    if (this.random() >= this.share) return;
    if (exchange.body === undefined) this.#send(exchange, plan, undefined);
    else if (exchange.body.whole !== undefined) {
      if (exchange.body.whole.length <= maxCopy) this.#send(exchange, plan, exchange.body.whole);
    } else exchange.body.keepCopy(maxCopy, body => body !== undefined && this.#send(exchange, plan, body));
  }

  #send(exchange: ExchangeView, plan: ForwardPlan, body: Buffer | undefined): void {
    const { target, timeouts } = this.route;
    const { available } = target.upstream;
    if (available.length === 0) return;
    const backend = target.balancer.pick(available as unknown as Candidates, exchange) as LiveBackend;
    if (!target.gate(backend).tryEnter()) return;
    const request = plan.request(exchange, target, backend, body, timeouts, exchange.trace?.ofCopies);
    target.forwarder.forward(
      { ...request, expectsContinue: false, message: undefined },
      backend,
      new DroppedAnswer(target, backend),
    );
  }
}

class DroppedAnswer implements AttemptObserver {
  readonly #startedAt = performance.now();
  #firstByte: number | undefined;

  constructor(
    private readonly target: Target,
    private readonly backend: LiveBackend,
  ) {}

  sent(): void {}
  informational(): void {}
  upgraded(): void {}

  head(): void {
    this.#firstByte = performance.now() - this.#startedAt;
  }

  data(): boolean {
    return true;
  }

  end(): void {
    this.target.settle(this.backend, 'success', this.#firstByte);
  }

  fail(): void {
    this.target.settle(this.backend, 'failure', this.#firstByte);
  }
}

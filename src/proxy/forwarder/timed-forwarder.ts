import type { Backend } from '../../upstream/backend.js';
import { Deadlines } from './deadlines.js';
import type { AttemptControl, AttemptObserver, ConnectionFigures, ForwardRequest, Forwarder } from './forwarder.js';
import { TimedAttempt } from './timed-attempt.js';

/** A forwarder of an application, whose attempts the gateway times. */
export class TimedForwarder implements Forwarder {
  readonly #deadlines = new Deadlines();

  /** `connectTimeout`: milliseconds until a connection must stand, where a request does not say less. */
  constructor(
    private readonly inner: Forwarder,
    private readonly connectTimeout: number,
  ) {}

  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl {
    const limits = { connect: request.connectTimeout || this.connectTimeout, response: request.responseTimeout };
    const attempt = new TimedAttempt(request, observer, this.#deadlines, limits);
    attempt.carry(() => this.inner.forward(request, backend, attempt));
    return attempt;
  }

  connections(backend: Backend): ConnectionFigures {
    return this.inner.connections(backend);
  }

  retire(backend?: Backend): void {
    this.inner.retire?.(backend);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

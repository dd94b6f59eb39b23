import type { RawHeaders } from '../../fields/raw-headers.js';
import type { RequestHead } from '../../http/request-head.js';
import type { RequestInfo } from '../../http/request-info.js';
import type { Signature } from '../../http/signature.js';
import type { TraceCarrier } from '../../tracing/exchange-trace.js';
import type { RouteMatch } from '../../routing/compiled-route.js';
import type { Client } from '../client/client.js';
import type { ClientBody } from '../client/client-body.js';
import type { ClientMessage } from '../client/client-message.js';
import type { ClientTie } from '../client/client-tie.js';
import type { ListenerInfo } from '../client/listener-info.js';

/** What plans read of what a request asks for. */
interface LocationView {
  readonly authority: string;
  readonly hostPort: string;
  readonly forwardedPath: string;
  readonly routingPath: string;
  readonly match: RouteMatch | undefined;
}

/** What plans read of an exchange. The exchange's own docstrings say what each field means. */
export interface ExchangeView extends RequestInfo {
  readonly head: RequestHead;
  readonly message: ClientMessage;
  readonly listenerInfo: ListenerInfo;
  readonly signature: Signature;
  readonly via: string;
  readonly client: Client;
  readonly location: LocationView;
  readonly query: string | undefined;
  readonly body: ClientBody | undefined;
  readonly upgrade: { readonly protocol: string } | undefined;
  readonly tie: ClientTie | undefined;
  readonly wantsEvents: boolean;
  readonly expectsContinue: boolean;
  readonly acceptsTrailers: boolean;
  /** Undefined: the gateway does not trace. */
  readonly trace: { readonly ofCopies: TraceCarrier } | undefined;
  /** Applies what policies have asked for to the fields of a request for a backend, in place. */
  editRequest(headers: RawHeaders): void;
}

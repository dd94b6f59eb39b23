import { Socket } from 'node:net';
import type { Http1Channel } from '../proxy/client/http1-channel.js';
import { introduce } from '../proxy/client/client-connection.js';

/** A connection without another end: what is written to it is dropped. */
class SilentSocket extends Socket {
  override write(): boolean {
    return true;
  }
}

/** A client's connection that exists only in thought: requests on it are read and refused as all others, and nothing is sent. */
export class SilentConnection implements Http1Channel {
  readonly socket: Socket = new SilentSocket();
  readonly keepAlive = '';
  readonly mayPersist = false;
  responder: Http1Channel['responder'];

  /** `peer`: the address that it comes from. */
  constructor(peer: string) {
    introduce(this.socket, { peer: { address: peer }, prelude: 0, certificate: undefined });
  }

  readonly written = (): void => undefined;
  endWithAnswer(): void {}
  endWithClient(): void {}
  answering(): void {}
  handOver(): void {}
  resumeBody(): void {}

  takeAhead(): Buffer {
    return Buffer.alloc(0);
  }
}

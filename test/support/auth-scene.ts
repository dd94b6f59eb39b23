import { startBackend, type TestBackend } from './backend.js';
import { request, type RequestOptions, type Response } from './client.js';
import { startInProcess, type InProcessGateway } from './in-process.js';

/** A gateway with authentication, before one backend. */
export interface AuthScene {
  readonly gateway: InProcessGateway;
  readonly backend: TestBackend;
  /** A request with these headers. It is given half a minute: hashes of passwords take their time on a busy machine. */
  ask(headers?: RequestOptions['headers'], path?: string): Promise<Response>;
}

/** Starts it with this `security.auth`; `others`: more of the file. */
export async function startWithAuth(auth: object, others: object = {}): Promise<AuthScene> {
  const backend = await startBackend();
  const gateway = await startInProcess({
    upstreams: { app: { backends: [backend.url] } },
    security: { auth },
    ...others,
  });
  return {
    gateway,
    backend,
    ask: (headers = {}, path = '/') => request(gateway.port, { path, headers, timeout: 30_000 }),
  };
}

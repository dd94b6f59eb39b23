import { request, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import { statusRanges } from '../config/language/kinds/status.js';
import { fieldValueOf } from '../http/field-value.js';
import type { Backend } from '../upstream/backend.js';
import { hostOf, tlsOptions } from '../upstream/backend-tls.js';
import { BodySearch } from './body-search.js';
import { failure } from './failure.js';
import { HttpProbeOptions } from './http-probe-options.js';
import { Probe, type HealthProbe, type ProbeResult } from './probe.js';

/**
 * Healthy: a GET of the path is answered with an expected status and, where one is expected, a text in the body. Each probe
 * opens a connection of its own, so it takes none from the traffic, and says nothing about the connections of the traffic.
 * Redirects are not followed.
 */
@Probe('http', { options: HttpProbeOptions })
export class HttpProbe implements HealthProbe {
  #options = new HttpProbeOptions();

  configure(options: HttpProbeOptions): void {
    this.#options = options;
  }

  async check(backend: Backend, signal: AbortSignal): Promise<ProbeResult> {
    let sent: ClientRequest | undefined;
    try {
      sent = this.#send(backend, signal);
      return await this.#resultOf(await responseTo(sent));
    } catch (error) {
      return failure(error);
    } finally {
      // Closes the connection, so that the rest of the body is not read.
      sent?.on('error', () => undefined).destroy();
    }
  }

  #send(backend: Backend, signal: AbortSignal): ClientRequest {
    const { path, headers, tls } = this.#options;
    const { url, socketPath } = backend;
    const options: RequestOptions = {
      path,
      headers: { host: url.host, 'user-agent': 'gatehouse-probe', ...valuesOf(headers) },
      agent: false,
      signal,
      ...(socketPath === undefined ? { host: hostOf(backend), port: url.port } : { socketPath }),
    };
    const sent =
      url.protocol === 'https:' ? secureRequest({ ...options, ...tlsOptions(backend, tls) }) : request(options);
    return sent.end();
  }

  async #resultOf(response: IncomingMessage): Promise<ProbeResult> {
    const { expectStatus, expectBody } = this.#options;
    const status = response.statusCode ?? 0;
    if (!expectStatus.some(({ from, to }) => status >= from && status <= to)) {
      return failure(`answered ${status}, expected ${String(statusRanges.format([...expectStatus]))}`);
    }
    return expectBody === undefined || (await holds(response, expectBody))
      ? { healthy: true }
      : failure('the body does not hold the expected text');
  }
}

function valuesOf(headers: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...headers].map(([name, value]) => [name, fieldValueOf(value)]));
}

async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  sent.on('response', resolve).on('error', reject);
  sent.on('upgrade', () => reject(new Error('answered with an upgrade')));
  sent.on('close', () => reject(new Error('closed without an answer')));
  return promise;
}

async function holds(response: IncomingMessage, text: string): Promise<boolean> {
  const search = new BodySearch(text);
  for await (const chunk of response) {
    if (search.add(chunk as Buffer)) return true;
    if (search.isOver) break;
  }
  return false;
}

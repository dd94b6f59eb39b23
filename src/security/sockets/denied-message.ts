import type { ArgumentsHost } from '@nestjs/common';
import type { WsException } from '@nestjs/websockets';
import type { ContentError } from '../../http/gateway-error.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import { Answer, type Verdict } from '../policy.js';

/** What the sender of a message is told that policies have denied: the data of the event `exception`. */
export interface DeniedMessage {
  /** The status that an HTTP request would get: 429. */
  readonly status: number;
  /** A code of the table of errors: `DENIED`. `ANSWERED`: a policy has an answer of its own. */
  readonly code: string;
  /** What happened, in one sentence; also as `message`, where clients of Nest look. */
  readonly detail: string;
  readonly message: string;
  /** Names the socket in what policies log. */
  readonly requestId: string;
  /** The fields that an HTTP response would have, in lower case: `{ 'retry-after': '7' }`. */
  readonly headers: Readonly<Record<string, string>>;
  /** For wrong content: where it is wrong. */
  readonly errors?: readonly ContentError[];
  /** Of an answer that a policy gives itself. */
  readonly body?: string;
}

/** The exception for a message that policies have denied, which filters of the application may handle. */
export async function deniedMessage(verdict: NonNullable<Verdict>, requestId: string): Promise<WsException> {
  // An application has the package where it has gateways, and only there.
  const { WsException } = await import('@nestjs/websockets');
  return new WsException(told(verdict, requestId));
}

/** Tells the sender of a message, as Nest's own filter does. `host`: the context of its handler, which has thrown the verdict. */
export async function tellDenied(verdict: NonNullable<Verdict>, requestId: string, host: ArgumentsHost): Promise<void> {
  const { BaseWsExceptionFilter } = await import('@nestjs/websockets');
  new BaseWsExceptionFilter().catch(await deniedMessage(verdict, requestId), host);
}

function told(verdict: NonNullable<Verdict>, requestId: string): DeniedMessage {
  if (verdict instanceof Answer) {
    const { status, headers, body } = verdict.response;
    const detail = 'answered by a policy';
    return {
      status,
      code: 'ANSWERED',
      detail,
      message: detail,
      requestId,
      headers: fieldsOf(headers),
      body: String(body),
    };
  }
  const { status, code, detail, errors, headers } = verdict;
  const document = { status, code, detail, message: detail, requestId, headers: fieldsOf([...headers]) };
  return errors === undefined ? document : { ...document, errors };
}

function fieldsOf(headers: RawHeaders): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [spelled, value] of RawHeaders.pairs(headers)) {
    const name = spelled.toLowerCase();
    fields[name] = Object.hasOwn(fields, name) ? `${fields[name]}, ${value}` : value;
  }
  return fields;
}

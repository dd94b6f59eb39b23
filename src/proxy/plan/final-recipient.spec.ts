import { describe, expect, it } from 'vitest';
import { roadTo, type RequestOptions } from '../../../test/support/road-scene.js';
import { finalRecipient } from './final-recipient.js';

async function answerTo(options: RequestOptions) {
  const { exchange } = (await roadTo(['a'])).open(options);
  return finalRecipient(exchange, exchange.plan!.credentials);
}

describe('the final recipient of a request', () => {
  it('is the gateway only for TRACE and OPTIONS that may go no further', async () => {
    const zero = ['Max-Forwards', '0'];
    expect(await answerTo({ method: 'OPTIONS', fields: zero })).toMatchObject({ status: 204, body: '' });
    expect(await answerTo({ method: 'TRACE', fields: ['Max-Forwards', '000'] })).toMatchObject({ status: 200 });
    for (const options of [
      { method: 'GET', fields: zero },
      { method: 'TRACE' },
      { method: 'TRACE', fields: ['Max-Forwards', '10'] },
      { method: 'OPTIONS', fields: ['Max-Forwards', 'x0'] },
    ]) {
      expect(await answerTo(options)).toBeUndefined();
    }
  });

  it('sends a TRACE back as it came, without credentials', async () => {
    const fields = ['Max-Forwards', '0', 'X-One', '1', 'Cookie', 'secret', 'authorization', 'Basic secret'];
    const answer = await answerTo({ method: 'TRACE', path: '/a', query: 'b', fields });
    const text = answer!.body.toString();
    expect(text).toBe('TRACE /a?b HTTP/1.1\r\nHost: a.example\r\nMax-Forwards: 0\r\nX-One: 1\r\n\r\n');
    expect(answer!.headers).toEqual(['Content-Type', 'message/http', 'Content-Length', String(text.length)]);
    const plain = await answerTo({ method: 'TRACE', path: '/a', fields });
    expect(plain!.body.toString().split('\r\n')[0]).toBe('TRACE /a HTTP/1.1');
  });
});

import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { serveHttp1 } from '../../../test/support/message-server.js';
import { connectRaw } from '../../../test/support/raw-client.js';
import { endsWithHead } from './parser-rest.js';

const parsing = (text: string | undefined): IncomingMessage =>
  ({
    socket: { parser: { getCurrentBuffer: () => (text === undefined ? undefined : Buffer.from(text)) } },
  }) as unknown as IncomingMessage;

const head = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n';

describe('what has come with a head', () => {
  it('is nothing where its empty line is the end', () => {
    expect(endsWithHead(parsing(head))).toBe(true);
    // The second half of one.
    expect(endsWithHead(parsing('grade: h2c\r\n\r\n'))).toBe(true);
  });

  it.each([`${head}GET`, `${head}${head}`, `${head}\r\n\r\n`, 'GET / HTTP/1.1\n\nHost: a\r\n\r\n', '\n', ''])(
    'may be something, where it is not certain: %j',
    text => expect(endsWithHead(parsing(text))).toBe(false),
  );

  it('may be something where the parser does not tell', () => {
    expect(endsWithHead(parsing(undefined))).toBe(false);
    expect(endsWithHead({ socket: {} } as IncomingMessage)).toBe(false);
  });

  it('is known while Node hands a request out', async () => {
    const told: boolean[] = [];
    const port = await serveHttp1((request, response) => {
      told.push(endsWithHead(request));
      response.end();
    });
    const alone = await connectRaw(port);
    alone.send(head);
    await alone.response();
    const followed = await connectRaw(port);
    followed.send(`${head}GET`);
    await followed.response();
    expect(told).toEqual([true, false]);
  });
});

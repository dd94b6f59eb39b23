import { beforeAll, describe, expect, it } from 'vitest';
import { connectRaw } from '../support/client.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { startRawBackend } from '../support/raw-backend.js';

/** Answers as old servers give them, each with the word that allows it. */
const answers = {
  'chunk-spaces': 'Transfer-Encoding: chunked\r\n\r\n2 \t\r\nok\r\n0 \r\n\r\n',
  'bare-lf': 'Transfer-Encoding: chunked\n\n2\nok\n0\n\n',
  'repeated-length': 'Content-Length: 2\r\ncontent-length: 2\r\n\r\nok',
};

const words = Object.keys(answers) as (keyof typeof answers)[];
const upstreams = ['none', ...words, 'all'];

/** What all three words together do not allow. */
const refused = {
  'two lengths': 'HTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: 3\n\nok\n',
  'a length beside chunks':
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'a folded field': 'HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok',
  'white space before a colon': 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok',
  'CR without LF': 'HTTP/1.1 200 OK\rContent-Length: 2\r\r',
};

describe('an upstream that is lenient', () => {
  let gateway: InProcessGateway;
  /** What the backend answers, to each request. */
  let bytes = '';

  beforeAll(async () => {
    const backend = await startRawBackend(async connection => {
      for (let count = 1; ; count++) {
        await connection.head(count);
        connection.respond(bytes);
      }
    });
    const settings = { backends: [backend.url], retries: { attempts: 0 }, circuitBreaker: { enabled: false } };
    const lenient = (word: string): readonly string[] => (word === 'all' ? words : word === 'none' ? [] : [word]);
    gateway = await startInProcess({
      upstreams: Object.fromEntries(upstreams.map(word => [word, { ...settings, lenient: lenient(word) }])),
      routes: upstreams.map(word => ({ match: { path: `/${word}` }, upstream: word })),
    });
  });

  /** What a client gets by way of an upstream that allows this: the body, or that there is no whole answer. */
  async function got(word: string): Promise<string> {
    const client = await connectRaw(gateway.port);
    client.send(`GET /${word} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const response = await client.response();
    if (response.header('x-gateway-error') === 'PROTOCOL') return 'refused';
    return response.clean ? response.text : 'broken';
  }

  it.each(words)('passes on what it is told to, and the next answer of the same connection: %s', async word => {
    bytes = `HTTP/1.1 200 OK${word === 'bare-lf' ? '\n' : '\r\n'}${answers[word]}`;
    expect([await got(word), await got(word), await got('all')]).toEqual(['ok', 'ok', 'ok']);
    for (const other of upstreams.filter(one => one !== word && one !== 'all')) {
      expect([other, await got(other)]).toEqual([other, expect.stringMatching(/refused|broken/)]);
    }
  });

  it.each(Object.keys(refused) as (keyof typeof refused)[])('refuses all the same %s', async what => {
    bytes = refused[what];
    expect(await got('all')).toBe('refused');
  });
});

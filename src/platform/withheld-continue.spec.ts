import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { receivedText } from '../../test/support/received-text.js';
import { socketPair } from '../../test/support/socket-pair.js';
import { forgetExpectation } from './withheld-continue.js';

/** What is answered to a request that expects a 100, behind which its client closes its side. */
async function answerTo(forget: boolean): Promise<string> {
  const [client, connection] = await socketPair();
  const server = createServer().on('checkContinue', (_, response) => {
    if (forget) forgetExpectation(response);
    response.end();
  });
  server.emit('connection', connection);
  client.end('GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n');
  return receivedText(client);
}

it('a response that has forgotten what was expected keeps its connection', async () => {
  const answer = await answerTo(true);
  expect(answer, 'Node: what a response knows of an expectation is not where it was').toContain(
    'Connection: keep-alive',
  );
  expect(answer).not.toContain('100 Continue');
});

it('Node closes the connection otherwise; when that is over, nothing has to be forgotten any more', async () => {
  expect(await answerTo(false)).toContain('Connection: close');
});

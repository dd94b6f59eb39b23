import { beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { startRawBackend, type RawBackend } from '../support/raw-backend.js';
import { gatewayTo } from '../support/scene.js';
import { handshake, switching } from '../support/upgrade-scene.js';

/** Switches to any protocol that it is asked for; answers with a body when it is asked for none. */
async function startAgreeable(): Promise<RawBackend> {
  return startRawBackend(async connection => {
    const head = await connection.head(1, 600_000).catch(() => undefined);
    if (head === undefined) return;
    if (/^upgrade:/im.test(head)) connection.respond(switching(head));
    else connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nplain');
  });
}

const request = (protocol: string): string =>
  handshake({
    Upgrade: protocol,
    Connection: 'Upgrade, HTTP2-Settings',
    'HTTP2-Settings': 'AAMAAABkAAQCAAAAAAIAAAAA',
    'Sec-WebSocket-Key': undefined,
    'Sec-WebSocket-Version': undefined,
  });

describe('where any protocol may be upgraded to', () => {
  let backend: RawBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startAgreeable();
    gateway = await gatewayTo([backend], {}, { websocket: { upgrades: 'any' } });
  });

  it.each(['h2', 'HTTP2', '"h2c"', 'h2c;q=1', 'h2c-14', 'HTTP/3', 'h3', 'https', 'spdy/3.1', 'ssl', 'h2c, "h2c", h2'])(
    'no backend is asked to speak HTTP past the gateway under the name %s',
    async protocol => {
      expect(await rawRequest(gateway.port, request(protocol))).toMatchObject({ status: 200, text: 'plain' });
      expect(backend.connections.at(-1)!.text).not.toMatch(/^upgrade:|^http2-settings:|^connection:.*upgrade/im);
    },
  );
});

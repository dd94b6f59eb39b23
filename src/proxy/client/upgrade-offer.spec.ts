import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { RequestHead } from '../../http/request-head.js';
import { offersUpgrade } from './upgrade-offer.js';

function offers(...fields: string[]): boolean {
  const headers: Record<string, string> = {};
  for (let i = 0; i < fields.length; i += 2) headers[fields[i]!.toLowerCase()] = fields[i + 1]!;
  return offersUpgrade(new RequestHead(['Host', 'a', ...fields]), { headers } as unknown as IncomingMessage);
}

describe('a request', () => {
  it.each(['upgrade', 'Upgrade', 'HTTP2-Settings, UPGRADE', 'keep-alive, upgrade'])(
    'offers an upgrade by an Upgrade field that Connection names: %j',
    connection => expect(offers('Upgrade', 'h2c', 'Connection', connection)).toBe(true),
  );

  it('offers none without the one or the other', () => {
    expect(offers('Upgrade', 'h2c')).toBe(false);
    expect(offers('Connection', 'upgrade')).toBe(false);
    expect(offers('Upgrade', 'h2c', 'Connection', 'close')).toBe(false);
    expect(offers()).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { WebSocketConfig } from '../../config/file/websocket.config.js';
import { Places } from '../lasting/places.js';
import { RouteUpgrades } from './route-upgrades.js';

const upgradesOf = (settings: Partial<WebSocketConfig> = {}, forwards = true): RouteUpgrades =>
  new RouteUpgrades({ ...new WebSocketConfig(), ...settings }, new Places(1), forwards);

describe('the protocol that a connection may be switched to', () => {
  it('is the first that the client offers and the route allows, spelled as it was offered', () => {
    const sut = upgradesOf({ upgrades: ['websocket', 'Own/1'] });
    expect([
      sut.find('WebSocket'),
      sut.find('other, own/1 , websocket'),
      sut.find('other'),
      sut.find(undefined),
    ]).toEqual(['WebSocket', 'own/1', undefined, undefined]);
  });

  it('is any but HTTP itself and TLS where the route says any', () => {
    const sut = upgradesOf({ upgrades: 'any' });
    expect([sut.find('other'), sut.find('h2c'), sut.find('TLS/1.2'), sut.find('HTTP/2.0')]).toEqual([
      'other',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is none where no backend is asked, and WebSocket alone, to be refused, where upgrades are off', () => {
    expect(upgradesOf({}, false).find('websocket')).toBeUndefined();
    const off = upgradesOf({ enabled: false, upgrades: 'any' });
    expect([off.find('websocket'), off.find('other')]).toEqual(['websocket', undefined]);
  });
});

describe('the origins that may open connections', () => {
  it('are all, or those of the list in any case', () => {
    expect([upgradesOf().accepts('https://x.example'), upgradesOf().accepts(undefined)]).toEqual([true, true]);
    const sut = upgradesOf({ origins: ['https://App.example'] });
    expect(['https://app.EXAMPLE', 'https://app.example.evil', undefined].map(origin => sut.accepts(origin))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('upgrades of a path that could be read as one of other routes', () => {
  it('are only what all of them allow', () => {
    const sut = upgradesOf({ upgrades: 'any' }).within([
      upgradesOf({ upgrades: ['own'], origins: ['https://a.example'] }),
    ]);
    expect([sut.find('own'), sut.find('websocket')]).toEqual(['own', undefined]);
    expect([sut.accepts('https://a.example'), sut.accepts('https://b.example')]).toEqual([true, false]);
    expect(sut.settings.enabled).toBe(true);
    expect(upgradesOf().within([upgradesOf({ enabled: false })]).settings.enabled).toBe(false);
  });
});

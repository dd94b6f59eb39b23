import { describe, expect, it } from 'vitest';
import { effectiveConfig } from '../showing/effective-config.js';
import { parseConfig, rebuildConfig } from './load-config.js';
import { plainOf } from './plain-config.js';

describe('a configuration for another thread', () => {
  it('is the same there, with what came from the environment', () => {
    const text = `
listeners: [{ port: "\${PORT}" }]
upstreams: { app: { backends: ["\${APP_URL}", { url: "http://127.0.0.1:\${OTHER}", weight: 3 }] } }
routes: [{ name: all, match: { hosts: ["\${HOST:-a.test}"] }, upstream: app }]
`;
    const env = { PORT: '8443', APP_URL: 'http://10.0.0.1:3000', OTHER: '3001' };
    const { config } = parseConfig(text, { env });
    const rebuilt = rebuildConfig(structuredClone(plainOf(config)), {});
    expect(effectiveConfig(rebuilt)).toEqual(effectiveConfig(config));
    expect(rebuilt.listeners[0]!.port).toBe(8443);
  });
});

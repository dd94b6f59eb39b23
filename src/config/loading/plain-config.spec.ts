import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../file/gateway.config.js';
import { effectiveConfig } from '../showing/effective-config.js';
import { loadConfig, parseConfig, rebuildConfig } from './load-config.js';
import { plainOf } from './plain-config.js';

const elsewhere = (config: GatewayConfig): GatewayConfig => rebuildConfig(structuredClone(plainOf(config)), {});

describe('a configuration for another thread', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plain-config-'));
    mkdirSync(join(folder, 'conf.d'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is the same there, with what came from the environment', () => {
    const text = `
listeners: [{ port: "\${PORT}" }]
upstreams: { app: { backends: ["\${APP_URL}", { url: "http://127.0.0.1:\${OTHER}", weight: 3 }] } }
routes: [{ name: all, match: { hosts: ["\${HOST:-a.test}"] }, upstream: app }]
`;
    const env = { PORT: '8443', APP_URL: 'http://10.0.0.1:3000', OTHER: '3001' };
    const { config } = parseConfig(text, { env });
    const rebuilt = elsewhere(config);
    expect(effectiveConfig(rebuilt)).toEqual(effectiveConfig(config));
    expect(rebuilt.listeners[0]!.port).toBe(8443);
  });

  it('is the same there, with what stands in included files and the files beside each', () => {
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    write(
      'gateway.yaml',
      `include: conf.d/*.yaml
upstreams: { app: { backends: [http://127.0.0.1:3001] } }
routes: [{ name: rest, upstream: app }]
`,
    );
    write(
      'conf.d/page.yaml',
      `upstreams: { spare: { backends: ["\${SPARE}"] } }
security: { validation: { methods: [GET] } }
routes: [{ name: page, match: { path: /page }, respond: { body: { file: page.html } } }]
`,
    );
    write('conf.d/page.html', 'beside the included file');
    const { config } = loadConfig(join(folder, 'gateway.yaml'), { SPARE: 'http://127.0.0.1:3002' });
    const rebuilt = elsewhere(config);
    expect(effectiveConfig(rebuilt)).toEqual(effectiveConfig(config));
    expect(rebuilt.routes[1]?.respond?.body).toBe('beside the included file');
    // What a thread has made can go on to the next.
    expect(effectiveConfig(elsewhere(rebuilt))).toEqual(effectiveConfig(config));
  });
});

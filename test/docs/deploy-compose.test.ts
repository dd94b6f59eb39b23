import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { builtInExtensions } from '../../src/known-extensions.js';
import type { GatewayConfig } from '../../src/config/file/gateway.config.js';
import { parseConfig } from '../../src/config/loading/load-config.js';
import { runCommand } from '../support/command.js';
import { startInProcess } from '../support/in-process.js';
import type { CliResult } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly build?: string;
        readonly command?: readonly string[];
        readonly ports?: readonly string[];
        readonly volumes?: readonly string[];
        readonly secrets?: readonly string[];
        readonly depends_on?: readonly string[] | Readonly<Record<string, object>>;
        readonly stop_grace_period?: string;
        readonly deploy?: { readonly replicas: number };
      }
    >
  >;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'deploy/compose');
const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
const tokenFile = '/run/secrets/admin-token';

describe('deploy/compose', () => {
  let compose: Compose;
  let config: GatewayConfig;
  const gateways = ['gateway-1', 'gateway-2'];

  beforeAll(async () => {
    compose = parse(await read('compose.yaml'), { merge: true }) as Compose;
    const token = join(await tempFolder(), 'admin-token');
    await writeFile(token, 'a-token-of-the-file');
    const text = await read('gatehouse/gateway.yaml');
    expect(text).toContain(tokenFile);
    const loaded = parseConfig(text.replace(tokenFile, token), builtInExtensions);
    expect(loaded.warnings).toEqual([]);
    ({ config } = loaded);
  });

  it('is valid by the schema of Compose', async () => {
    const file = join(root, 'node_modules/dclint/schemas/compose.schema.json');
    const schema = JSON.parse(await readFile(file, 'utf8')) as object;
    // It has formats of its own, and spells the address of its draft with https.
    const lenient = { strict: false, validateFormats: false, validateSchema: false };
    const validate = new Ajv({ ...lenient, allErrors: true }).compile(schema);
    validate(compose);
    expect(validate.errors).toBeNull();
  });

  it('names services, files and secrets that there are', async () => {
    for (const { build, depends_on = [], secrets = [], volumes = [] } of Object.values(compose.services)) {
      if (build !== undefined) expect(existsSync(join(folder, build, 'Dockerfile'))).toBe(true);
      const needed = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
      expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(needed));
      expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining([...secrets]));
      for (const volume of volumes) expect(existsSync(join(folder, volume.split(':')[0]!))).toBe(true);
    }
    // The secret itself is never committed.
    const ignored = (await readFile(join(root, '.gitignore'), 'utf8')).split('\n');
    expect(ignored).toContain(join('deploy/compose', compose.secrets['admin-token']!.file));
  });

  it('has gateways with the ports, the folder and the times of their configuration', async () => {
    const [, file] = /GATEWAY_CONFIG=(\S+)\/gateway.yaml/.exec(await readFile(join(root, 'Dockerfile'), 'utf8'))!;
    for (const name of gateways) {
      const { ports, secrets, stop_grace_period, volumes } = compose.services[name]!;
      expect(ports?.map(each => Number(each.split(':').at(-1)))).toEqual([
        config.listeners[0]?.port,
        config.admin.port,
      ]);
      expect(volumes).toEqual([`./gatehouse:${file}:ro`]);
      expect(secrets).toContain('admin-token');
      const { delay, grace } = config.shutdown;
      expect(parseFloat(stop_grace_period!) * 1000).toBeGreaterThan(delay + grace);
    }
    expect(config.admin.host).toBe('0.0.0.0');
  });

  it('has them find the Redis server and the backends', () => {
    expect(config.rateLimitStore).toMatchObject({ redis: 'redis://redis:6379' });
    const { dns, port } = config.upstreams.get('orders')!.discovery as { dns: string; port: number };
    const { command, deploy } = compose.services[dns]!;
    expect([command, deploy]).toEqual([[`--port=${port}`], { replicas: 2 }]);
    expect(compose.services).toHaveProperty('redis');
  });

  it('has Prometheus scrape both gateways with their token, and Grafana ask Prometheus', async () => {
    const scrape = parse(await read('prometheus/prometheus.yml')) as { scrape_configs: object[]; rule_files: string[] };
    expect(scrape.scrape_configs).toEqual([
      {
        job_name: 'gatehouse',
        authorization: { type: 'Bearer', credentials_file: tokenFile },
        static_configs: [{ targets: gateways.map(name => `${name}:${config.admin.port}`) }],
      },
    ]);
    expect(compose.services['prometheus']?.secrets).toContain('admin-token');
    const grafana = parse(await read('grafana/datasources/prometheus.yaml')) as { datasources: object[] };
    expect(grafana.datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
    expect(compose.services['prometheus']?.ports?.[0]).toMatch(/:9090$/);
    // The alerts look for this name.
    const rules = await readFile(join(root, 'deploy/prometheus/gatehouse.rules.yaml'), 'utf8');
    expect(rules).toContain('up{job="gatehouse"}');
  });

  it('gives Prometheus the alerts and Grafana the dashboard', async () => {
    /** The folder of this machine that a service has at a path. */
    const mounted = (service: string, path: string): string => {
      const volume = compose.services[service]?.volumes?.find(each => each.split(':')[1] === path);
      return join(folder, volume?.split(':')[0] ?? 'nowhere');
    };
    const { rule_files: rules } = parse(await read('prometheus/prometheus.yml')) as { rule_files: string[] };
    expect(rules).toEqual([expect.stringMatching(/^\/etc\/gatehouse-rules\/\*\.rules\.yaml$/)]);
    expect(existsSync(join(mounted('prometheus', '/etc/gatehouse-rules'), 'gatehouse.rules.yaml'))).toBe(true);
    const file = join(mounted('grafana', '/etc/grafana/provisioning/dashboards'), 'gatehouse.yaml');
    const { providers } = parse(await readFile(file, 'utf8')) as { providers: { options: { path: string } }[] };
    expect(existsSync(join(mounted('grafana', providers[0]!.options.path), 'gatehouse.json'))).toBe(true);
  });
});

describe('the Dockerfile', () => {
  it('has a health check that asks the process for its life, on the admin port of its file', async () => {
    const [, command = '[]'] =
      /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(await readFile(join(root, 'Dockerfile'), 'utf8')) ?? [];
    const [program, main, ...args] = JSON.parse(command) as string[];
    expect([program, main]).toEqual(['node', 'dist/main.js']);
    const { gateway } = await startInProcess({ upstreams: { dead: { backends: ['http://127.0.0.1:1'] } } });
    const file = join(await tempFolder(), 'gateway.yaml');
    await writeFile(file, `admin: { port: ${new URL(gateway.adminUrl).port} }`);
    const asked = (): Promise<CliResult> => runCommand(args, { env: { GATEWAY_CONFIG: file } });
    expect(await asked()).toMatchObject({ code: 0, stdout: 'ok\n' });
    await gateway.stop(0);
    expect(await asked()).toMatchObject({ code: 4, stderr: expect.stringContaining('not live') as string });
  });

  it('copies only what the context of the build has', async () => {
    const context = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n');
    const lines = (await readFile(join(root, 'Dockerfile'), 'utf8')).matchAll(/^COPY (?!--from)(.+) \S+$/gm);
    const copied = [...lines].flatMap(([, names]) => names!.split(' ').map(name => name.replace(/^\.\//, '')));
    expect(copied).toContain('src');
    for (const name of copied) {
      expect(context).toContain(`!${name}`);
      expect(existsSync(join(root, name))).toBe(true);
    }
  });
});

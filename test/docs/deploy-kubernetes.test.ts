import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadFile } from '../../src/cli/load-file.js';
import type { GatewayConfig } from '../../src/config/file/gateway.config.js';
import { kustomize } from '../support/kustomize.js';
import { type Manifest, problemsOf } from '../support/kubernetes-schema.js';
import { tempFolder } from '../support/temp.js';

type Labels = Readonly<Record<string, string>>;
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly {
    readonly name: string;
    readonly valueFrom: { readonly secretKeyRef?: object; readonly fieldRef?: object };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
  readonly resources: { readonly requests: { readonly cpu: string } };
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string; readonly configMap: { readonly name: string } }[];
  readonly topologySpreadConstraints: readonly { readonly labelSelector: { readonly matchLabels: Labels } }[];
}
interface Deployment extends Manifest {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Labels };
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  };
}
interface Selecting {
  readonly selector?: Labels & { readonly matchLabels?: Labels };
  readonly podSelector?: { readonly matchLabels?: Labels };
  readonly template?: { readonly spec: Partial<PodSpec> };
}
interface Service extends Manifest {
  readonly spec: {
    readonly clusterIP?: string;
    readonly selector: Labels;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
  };
}

const root = join(import.meta.dirname, '../..');
const matches = (selector: Labels, labels: Labels | undefined): boolean =>
  Object.entries(selector).every(([key, value]) => labels?.[key] === value);

describe('deploy/kubernetes', () => {
  let manifests: readonly Manifest[];
  let gatehouse: Deployment;
  let pod: PodSpec;
  let container: Container;
  let config: GatewayConfig;

  const all = <T extends Manifest>(kind: string): T[] => manifests.filter(each => each.kind === kind) as T[];
  const one = <T extends Manifest>(kind: string, name: string): T => {
    const found = all<T>(kind).find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
    return found;
  };
  const podsOf = (selector: Labels): Deployment[] =>
    all<Deployment>('Deployment').filter(({ spec }) => matches(selector, spec.template.metadata.labels));
  const portOf = (name: string): number | undefined => container.ports.find(each => each.name === name)?.containerPort;

  beforeAll(async () => {
    manifests = await kustomize(join(root, 'deploy/kubernetes/overlays/example'));
    gatehouse = one('Deployment', 'gatehouse');
    pod = gatehouse.spec.template.spec;
    [container] = pod.containers;
    config = await mounted(one('ConfigMap', pod.volumes[0]!.configMap.name));
  });

  /** The configuration of a ConfigMap, laid out as Kubernetes mounts it, with the variables that the container has. */
  async function mounted({ data, metadata }: Manifest): Promise<GatewayConfig> {
    const folder = await tempFolder();
    await mkdir(join(folder, '..first'));
    await symlink('..first', join(folder, '..data'));
    for (const [name, text] of Object.entries(data ?? {})) {
      await writeFile(join(folder, '..first', name), text);
      await symlink(join('..data', name), join(folder, name));
    }
    const values = container.env.map(({ name, valueFrom }) => [
      name,
      valueFrom.secretKeyRef ? 'a-token-of-the-secret' : metadata.namespace,
    ]);
    const { config, warnings } = loadFile(join(folder, 'gateway.yaml'), Object.fromEntries(values) as Labels);
    expect(warnings).toEqual([]);
    return config;
  }

  it('is valid by the schemas of Kubernetes, the base alone as well', async () => {
    const base = await kustomize(join(root, 'deploy/kubernetes/base'));
    expect((await Promise.all([...base, ...manifests].map(problemsOf))).flat()).toEqual([]);
    await mounted({ ...base.find(({ kind }) => kind === 'ConfigMap')!, metadata: { name: '', namespace: 'any' } });
  });

  it('selects only pods that there are', () => {
    const selectors = ['Deployment', 'Service', 'PodDisruptionBudget', 'NetworkPolicy'].flatMap(kind =>
      all<Manifest>(kind).flatMap(({ spec }) => {
        const { podSelector, selector, template } = spec as Selecting;
        const spread = template?.spec.topologySpreadConstraints ?? [];
        const own = podSelector ?? selector;
        return [own, ...spread.map(({ labelSelector }) => labelSelector)].map(each => each?.matchLabels ?? each);
      }),
    ) as Labels[];
    expect(selectors.length).toBeGreaterThan(10);
    for (const selector of selectors) expect(podsOf(selector)).toHaveLength(1);
    for (const { spec } of all<Deployment>('Deployment')) {
      expect(matches(spec.selector.matchLabels, spec.template.metadata.labels)).toBe(true);
    }
  });

  it('leads to ports that there are, and whose numbers are those of the configuration', () => {
    expect([portOf('http'), portOf('admin')]).toEqual([config.listeners[0]?.port, config.admin.port]);
    // kubelet and Prometheus come from outside of the pod.
    expect(config.admin.host).toBe('0.0.0.0');
    for (const { spec } of all<Service>('Service')) {
      const [target] = podsOf(spec.selector);
      const names = target!.spec.template.spec.containers[0].ports.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(spec.ports.map(({ targetPort }) => targetPort)));
    }
    for (const { spec } of all<Manifest>('NetworkPolicy')) {
      const { podSelector, ingress } = spec as {
        podSelector: { matchLabels: Labels };
        ingress: { ports: { port: string }[] }[];
      };
      const [target] = podsOf(podSelector.matchLabels);
      const names = target!.spec.template.spec.containers[0].ports.map(({ name }) => name);
      expect(new Set(ingress.flatMap(({ ports }) => ports.map(({ port }) => port)))).toEqual(new Set(names));
    }
  });

  it('finds backends and the Redis server by names of services that there are', () => {
    const { dns, port } = config.upstreams.get('orders')?.discovery as { dns: string; port: number };
    const redis = new URL((config.rateLimitStore as { redis: string }).redis);
    for (const [host, at] of [
      [dns, port],
      [redis.hostname, Number(redis.port)],
    ] as const) {
      const [name, ...domain] = host.split('.');
      const service = one<Service>('Service', name!);
      expect(domain.join('.')).toBe(`${service.metadata.namespace}.svc.cluster.local`);
      expect(service.spec.ports.map(each => each.port)).toContain(at);
    }
    // Headless: the name has the address of each pod, at the port of the container.
    const orders = one<Service>('Service', 'orders').spec;
    expect(orders.clusterIP).toBe('None');
    expect(podsOf(orders.selector)[0]?.spec.template.spec.containers[0].ports[0]?.containerPort).toBe(port);
  });

  it('lets gateways and backends end in time', () => {
    const { delay, grace } = config.shutdown;
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(delay + grace);
    const { periodSeconds, failureThreshold } = container.readinessProbe;
    expect(delay).toBeGreaterThan(periodSeconds * failureThreshold * 1000);
    const backend = one<Deployment>('Deployment', 'orders').spec.template.spec;
    const { refresh } = config.upstreams.get('orders')!.discovery as { refresh: number };
    const { seconds } = backend.containers[0].lifecycle.preStop.sleep;
    expect(seconds * 1000).toBeGreaterThan(refresh + 30_000);
    expect(backend.terminationGracePeriodSeconds).toBeGreaterThan(seconds);
  });

  it('asks the health of the process for a restart, and readiness for traffic alone', () => {
    const asked = (probe: Probe): string => `${portOf(probe.httpGet.port)}${probe.httpGet.path}`;
    const { startupProbe, readinessProbe, livenessProbe } = container;
    const { port } = config.admin;
    expect([startupProbe, livenessProbe, readinessProbe].map(asked)).toEqual([
      `${port}/health/startup`,
      `${port}/health/live`,
      `${port}/health/ready`,
    ]);
  });

  it('mounts the configuration where the image looks for it, in a way that follows changes', async () => {
    const [, file] = /GATEWAY_CONFIG=(\S+)/.exec(await readFile(join(root, 'Dockerfile'), 'utf8'))!;
    const [mount] = container.volumeMounts;
    expect(`${mount?.mountPath}/gateway.yaml`).toBe(file);
    expect(mount).not.toHaveProperty('subPath');
    expect(mount?.name).toBe(pod.volumes[0]?.name);
  });

  it('gives Prometheus the port and the token of the admin side', () => {
    const { selector, endpoints } = one<Manifest>('ServiceMonitor', 'gatehouse').spec as {
      selector: { matchLabels: Labels };
      endpoints: { port: string; authorization: { credentials: object } }[];
    };
    const services = all<Service>('Service').filter(({ metadata }) => matches(selector.matchLabels, metadata.labels));
    expect(services.map(({ spec }) => spec.ports.map(({ name, port }) => [name, port]))).toEqual([
      [[endpoints[0]?.port, config.admin.port]],
    ]);
    const token = container.env.find(({ name }) => name === 'ADMIN_TOKEN')?.valueFrom.secretKeyRef;
    expect(endpoints[0]?.authorization.credentials).toEqual(token);
  });

  it('scales what it deploys, without less than two', async () => {
    const { scaleTargetRef, minReplicas } = one<Manifest>('HorizontalPodAutoscaler', 'gatehouse').spec as {
      scaleTargetRef: object;
      minReplicas: number;
    };
    expect(scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: gatehouse.metadata.name });
    expect(minReplicas).toBeGreaterThan(1);
    // Each `apply` would write it back.
    expect(gatehouse.spec).not.toHaveProperty('replicas');
    expect(container.resources.requests.cpu).toBe(String(config.workers));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(container.image).toBe(`registry.example/gatehouse:${version}`);
  });

  it('keeps to the restricted standard, which its namespace enforces', () => {
    expect(one('Namespace', 'shop').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
    for (const { spec } of all<Deployment>('Deployment')) {
      expect(spec.template.spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      });
    }
  });
});

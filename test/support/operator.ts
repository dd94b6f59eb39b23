import { request } from './client.js';

/** The sum of all series of a metric that carry these labels, from the admin listener; 0 when there is none. */
export async function metricAt(
  adminPort: number,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  return sumOf((await request(adminPort, { path: '/metrics' })).text, name, labels);
}

/** The sum of all series of a metric that carry these labels, in the text of `/metrics`; 0 when there is none. */
export function sumOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter(line => wanted.every(one => line.includes(one)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Why each backend is out, by its id, from `/upstreams` of the admin listener; empty lists for those that are not. */
export async function vetoesAt(adminPort: number): Promise<Record<string, string[]>> {
  const upstreams = (await request(adminPort, { path: '/upstreams' })).json<
    { backends: { id: string; vetoes: string[] }[] }[]
  >();
  return Object.fromEntries(upstreams.flatMap(({ backends }) => backends.map(({ id, vetoes }) => [id, vetoes])));
}

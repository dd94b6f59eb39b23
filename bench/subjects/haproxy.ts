import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionOf } from '#bench/machine';
import type { Subject } from '#bench/subjects/subject';

/** HAProxy with one thread and its HTTP log on standard output. */
export const haproxy: Subject = {
  name: 'haproxy',
  version: () => versionOf('haproxy', ['-v'], /version ([\d.]+)/),
  prepare: ({ port, backends, folder }) => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `global
  log stdout format raw local0
  nbthread 1
  maxconn 8000
defaults
  mode http
  log global
  option httplog
  option forwardfor
  timeout connect 2s
  timeout client 60s
  timeout server 60s
listen proxy
  bind 127.0.0.1:${port}
  balance roundrobin
${backends.map((backend, index) => `  server b${index} ${backend}`).join('\n')}
`,
    );
    return { file: 'haproxy', args: ['-db', '-f', file] };
  },
};

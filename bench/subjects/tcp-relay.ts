import { join } from 'node:path';
import { nodeBinary } from '#bench/machine';
import type { Subject } from '#bench/subjects/subject';

/** Sockets of Node piped into each other: what any tunnel costs in this runtime. It has one backend. */
export const tcpRelay: Subject = {
  name: 'TCP relay',
  protocols: ['websocket', 'events'],
  version: () => 'net.pipe',
  prepare: ({ port, backends }) => ({
    file: nodeBinary,
    args: [join(import.meta.dirname, '../servers/tcp-relay.ts'), String(port), ...backends],
  }),
};

import { once } from 'node:events';
import { connect } from 'node:tls';
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { makeCertificate } from '../support/certificate.js';
import { closeLater } from '../support/cleanup.js';
import { startGateway } from '../support/program.js';

/** A session of a new connection, and whether it is the one that was given. */
async function session(port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3', known?: Buffer) {
  const socket = connect({
    ...{ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, maxVersion },
    ...(known && { session: known }),
  });
  closeLater(() => socket.destroy());
  // Tickets come with what is read.
  socket.resume();
  const got = once(socket, 'session').then(([made]) => made as Buffer);
  await once(socket, 'secureConnect');
  const isReused = socket.isSessionReused();
  return { isReused, made: isReused ? known! : await got };
}

it('a TLS session that was begun at one worker is resumed at all, until what the listener admits clients by changes', async () => {
  const { certFile: cert, keyFile: key } = await makeCertificate();
  const tls = { certificates: [{ cert, key }] };
  const config = (more: object) => ({
    workers: 3,
    listeners: [{ name: 'web', host: '127.0.0.1', port: 0, tls: { ...tls, ...more } }],
    admin: { host: '127.0.0.1', port: 0 },
    routes: [{ name: 'all', respond: {} }],
  });
  const gateway = await startGateway(config({}));
  const resumed = async (version: 'TLSv1.2' | 'TLSv1.3', known: Buffer) =>
    Promise.all(Array.from({ length: 12 }, () => session(gateway.port, version, known))).then(all =>
      all.map(({ isReused }) => isReused),
    );
  const sessions = {
    'TLSv1.2': (await session(gateway.port, 'TLSv1.2')).made,
    'TLSv1.3': (await session(gateway.port, 'TLSv1.3')).made,
  };
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    expect(await resumed(version, sessions[version])).toEqual(new Array(12).fill(true));
  }
  await writeFile(gateway.configFile!, stringify(config({ clientAuth: { ca: cert, mode: 'optional' } })));
  await gateway.waitForLog(({ msg }) => msg === 'configuration changed');
  expect(await resumed('TLSv1.2', sessions['TLSv1.2'])).toEqual(new Array(12).fill(false));
});

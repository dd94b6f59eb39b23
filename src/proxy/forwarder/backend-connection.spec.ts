import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeLater } from '../../../test/support/cleanup.js';
import { eventually } from '../../../test/support/poll.js';
import { startRawBackend } from '../../../test/support/raw-backend.js';
import { openFiles } from '../../platform/open-files.js';
import { ConnectFailure } from './attempt-failure.js';
import { openConnection } from './backend-connection.js';

/** Opens a connection, and keeps what is told of it. */
function open(connect: () => net.Socket, timeout = 5_000) {
  const told: (Error | net.Socket)[] = [];
  const socket = openConnection(connect, timeout, (error, ready) => told.push(error ?? ready!));
  if (socket !== undefined) closeLater(() => socket.destroy());
  const outcome = (): Promise<Error | net.Socket> => eventually(() => told[0] ?? false);
  return { socket, told, outcome };
}

const codeOf = (outcome: Error | net.Socket): unknown =>
  outcome instanceof ConnectFailure ? outcome.gatewayError.code : outcome;

describe('a connection to a backend', () => {
  afterEach(() => void vi.useRealTimers());

  it('is ready when it stands and the backend waits to be asked', async () => {
    const backend = await startRawBackend();
    const { socket, told, outcome } = open(() => net.connect(backend.port, '127.0.0.1'));
    expect(told).toEqual([]);
    expect(await outcome()).toBe(socket);
    expect(socket!.readyState).toBe('open');
  });

  it('is refused and closed when the backend speaks first', async () => {
    // The bytes are there before the connection is looked at.
    const connecting = new net.Socket();
    const { socket, outcome } = open(() => connecting);
    vi.spyOn(connecting, 'bytesRead', 'get').mockReturnValue(5);
    connecting.emit('connect');
    const error = await outcome();
    expect([codeOf(error), (error as Error).message]).toEqual([
      'CONNECT_FAILED',
      'the backend spoke before it was asked',
    ]);
    expect(socket!.destroyed).toBe(true);
  });

  it('is given up after the time that it has, to the millisecond', () => {
    vi.useFakeTimers();
    const { socket, told } = open(() => new net.Socket(), 40);
    vi.advanceTimersByTime(39);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(codeOf(told[0]!)).toBe('CONNECT_TIMEOUT');
    expect(socket!.destroyed).toBe(true);
  });

  it('that the system refuses fails with what the system says, once', async () => {
    const backend = await startRawBackend();
    await backend.close();
    const { socket, told, outcome } = open(() => net.connect(backend.port, '127.0.0.1'));
    expect(await outcome()).toMatchObject({ code: 'ECONNREFUSED' });
    if (!socket!.closed) await once(socket!, 'close');
    expect(told.length).toBe(1);
  });

  it('that closes before it is ready is none', async () => {
    const { socket, outcome } = open(() => new net.Socket());
    socket!.destroy();
    expect(codeOf(await outcome())).toBe('CONNECT_FAILED');
  });

  it('is not made without a descriptor, which is told later and not held against the backend', async () => {
    const take = vi.spyOn(openFiles, 'take').mockReturnValue(false);
    let made = 0;
    const { told, outcome } = open(() => (made++, new net.Socket()));
    take.mockRestore();
    expect(told).toEqual([]);
    expect(codeOf(await outcome())).toBe('EXHAUSTED');
    expect(made).toBe(0);
  });

  it('gives its descriptor back when it closes', async () => {
    const give = vi.spyOn(openFiles, 'give');
    const { socket } = open(() => new net.Socket());
    expect(give).not.toHaveBeenCalled();
    socket!.destroy();
    await eventually(() => expect(give.mock.calls).toEqual([['backends']]));
    give.mockRestore();
  });
});

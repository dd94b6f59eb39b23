import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import packet, { type Answer, type Packet } from 'dns-packet';
import { closeLater } from './cleanup.js';

/** Data of an SRV record. */
export interface Service {
  readonly target: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

/** A question that has come. */
export interface AskedQuestion {
  readonly type: string;
  readonly name: string;
  /** On the clock of `performance.now()`. */
  readonly at: number;
  readonly over: 'udp' | 'tcp';
}

const codes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };

/** How a server behaves: it answers from its records, with an error, or not at all. */
export type DnsBehaviour = 'records' | 'silence' | Exclude<keyof typeof codes, 'NOERROR'>;

/**
 * A real DNS server on loopback, over UDP and TCP: it answers A, AAAA and SRV from a table, NXDOMAIN for names that it does not know, and truncates what
 * does not fit into a datagram. Closed when the test has finished.
 */
export class DnsServer {
  /** What it does with questions; may be replaced at any time. */
  behaviour: DnsBehaviour = 'records';
  readonly questions: AskedQuestion[] = [];
  readonly #answers = new Map<string, readonly Answer[]>();
  readonly #open = new Set<Socket>();
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  #port = 0;

  /** What a configuration names it by. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Addresses of a name, A or AAAA by their form; none: the name exists and has no such record. `ttl` in seconds. */
  host(name: string, addresses: readonly string[], ttl = 60): void {
    const isV6 = (address: string): boolean => address.includes(':');
    const records = (type: 'A' | 'AAAA', fits: (address: string) => boolean): void => {
      this.#answers.set(
        `${name} ${type}`,
        addresses.filter(fits).map(data => ({ name, type, ttl, data })),
      );
    };
    records('A', address => !isV6(address));
    records('AAAA', isV6);
  }

  /** Services of a name. `ttl` in seconds. */
  service(name: string, services: readonly Service[], ttl = 60): void {
    const records = services.map(data => ({ name, type: 'SRV' as const, ttl, data }));
    this.#answers.set(`${name} SRV`, records);
  }

  /** The name does not exist any more. */
  forget(name: string): void {
    for (const key of this.#answers.keys()) if (key.startsWith(`${name} `)) this.#answers.delete(key);
  }

  /** Listens: at first on any free port, after a `stop()` on the same one. */
  async start(): Promise<void> {
    for (;;) {
      const udp = createSocket('udp4');
      udp.bind(this.#port, '127.0.0.1');
      await once(udp, 'listening');
      const { port } = udp.address();
      const tcp = createServer(socket => this.#accept(socket)).listen(port, '127.0.0.1');
      try {
        await once(tcp, 'listening');
      } catch (error) {
        udp.close();
        // The port is free for datagrams alone.
        if (this.#port === 0) continue;
        throw error;
      }
      this.#port = (tcp.address() as AddressInfo).port;
      udp.on('message', (message, { address, port: from }) => {
        const reply = this.#reply(packet.decode(message), 'udp');
        if (reply !== undefined) udp.send(asDatagram(reply), from, address);
      });
      this.#udp = udp;
      this.#tcp = tcp;
      return;
    }
  }

  /** Goes away, as after a crash: questions are refused by the system. May be called twice. */
  async stop(): Promise<void> {
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = this.#tcp = undefined;
    if (udp === undefined || tcp === undefined) return;
    const closed = Promise.all([once(udp, 'close'), once(tcp, 'close')]);
    udp.close();
    tcp.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#open.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#open.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const reply = this.#reply(packet.decode(received.subarray(2, end)), 'tcp');
        received = received.subarray(end);
        if (reply !== undefined) socket.write(packet.streamEncode(reply));
      }
    });
  }

  #reply({ id, questions = [] }: Packet, over: AskedQuestion['over']): Packet | undefined {
    const [{ name, type } = { name: '', type: 'A' as const }] = questions;
    this.questions.push({ name, type, over, at: performance.now() });
    if (this.behaviour === 'silence') return undefined;
    const known = [...this.#answers.keys()].some(key => key.startsWith(`${name} `));
    const fine = known ? 'NOERROR' : 'NXDOMAIN';
    const code = codes[this.behaviour === 'records' ? fine : this.behaviour];
    const answers = code === 0 ? [...(this.#answers.get(`${name} ${type}`) ?? [])] : [];
    return { type: 'response', id: id ?? 0, flags: packet.RECURSION_AVAILABLE | code, questions, answers };
  }
}

/** The largest answer that goes into one datagram without further agreement (RFC 1035 §4.2.1). */
const largestDatagram = 512;

function asDatagram(reply: Packet): Buffer {
  const bytes = packet.encode(reply);
  if (bytes.length <= largestDatagram) return bytes;
  return packet.encode({ ...reply, flags: (reply.flags ?? 0) | packet.TRUNCATED_RESPONSE, answers: [] });
}

/** Starts a DNS server. */
export async function startDns(): Promise<DnsServer> {
  const server = new DnsServer();
  await server.start();
  closeLater(() => server.stop());
  return server;
}

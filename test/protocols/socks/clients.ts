/** Clients of a proxy made by hand, and a proxy with targets. */
import type { ListeningPort } from '../../../src/core/listening-port.js';
import {
  SocksServerFactory,
  type SocksServerOptions,
} from '../../../src/protocols/socks/server.js';
import { portOf, type Rig } from '../../support/contract.js';
import { RawPeer } from '../../support/raw-peer.js';

export interface Proxy {
  readonly factory: SocksServerFactory;
  readonly port: number;
  readonly listening: ListeningPort;
  readonly refusals: string[];
  readonly served: string[];
}

/** A proxy on 127.0.0.1 that may connect to it too. */
export function startProxy(rig: Rig, options: SocksServerOptions = {}): Proxy {
  const refusals: string[] = [];
  const served: string[] = [];
  const factory = new SocksServerFactory(rig.reactor, {
    allow: ['127.0.0.0/8'],
    onRefused: (reason) => refusals.push(reason.message),
    onServed: ({ request, username }) =>
      served.push([request.version, request.command, request.host, username ?? '-'].join(' ')),
    ...options,
  });
  const listening = rig.reactor.listenTCP(0, factory, { interface: '127.0.0.1' });
  return { factory, port: portOf(listening), listening, refusals, served };
}

/** A request of version 5 for an IPv4 address, without the greeting. */
export function request(command: number, port: number, ...host: number[]): Buffer {
  const address = host.length === 4 ? host : [127, 0, 0, 1];
  return Buffer.from([5, command, 0, 1, ...address, port >> 8, port & 255]);
}

export function requestForName(name: string, port: number): Buffer {
  return Buffer.from([5, 1, 0, 3, name.length, ...Buffer.from(name), port >> 8, port & 255]);
}

/** The reply to a request, for a client that has sent the greeting without authentication before it. */
export async function replyTo(rig: Rig, proxy: Proxy, bytes: Buffer): Promise<[RawPeer, number]> {
  const client = rig.use(await RawPeer.connect(proxy.port));
  client.write(Buffer.concat([Buffer.from([5, 1, 0]), bytes]));
  const received = await client.receive(12);
  return [client, received[3] as number];
}

/** The port in a reply that begins at `offset`. */
export function boundPort(received: Buffer, offset = 2): number {
  return received.readUInt16BE(offset + 8);
}

/** An HTTP server over a reactor, in clear and over TLS, and its clients over Node's sockets. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTLS } from 'node:tls';
import { HTTPFactory, type HTTPHandler, type HTTPServerOptions } from '../../src/http/index.js';
import { listenTLS, selfSignedCertificate } from '../../src/tls/index.js';
import type { Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';

const HOST = '127.0.0.1';
const identity = await selfSignedCertificate();

export interface Service {
  readonly factory: HTTPFactory;
  connect(): Promise<RawPeer>;
}

export function overTCP(rig: Rig, handler: HTTPHandler, options?: HTTPServerOptions): Service {
  const factory = new HTTPFactory(rig.reactor, handler, options);
  const { port } = rig.reactor.listenTCP(0, factory, { interface: HOST }).getHost();
  return { factory, connect: async () => rig.use(await RawPeer.connect(port)) };
}

export function overTLS(rig: Rig, handler: HTTPHandler, options?: HTTPServerOptions): Service {
  const factory = new HTTPFactory(rig.reactor, handler, options);
  const listening = listenTLS(rig.reactor, 0, factory, { identity }, { interface: HOST });
  const { port } = listening.getHost();
  const connectPeer = async (): Promise<RawPeer> => {
    const plain = connect(port, HOST);
    const { certificate: ca } = identity;
    const socket = connectTLS({ socket: plain, ca, servername: 'localhost' });
    const peer = rig.use(new SecurePeer(socket));
    peer.plain = plain;
    await within(once(socket, 'secureConnect'), 'the handshake');
    return peer;
  };
  return { factory, connect: connectPeer };
}

class SecurePeer extends RawPeer {
  plain: Socket | undefined;

  override reset(): void {
    this.plain?.resetAndDestroy();
    this.socket.destroy();
  }
}

/** Settles when the server has no connection left. */
export async function untilEmpty(rig: Rig, { factory }: Service): Promise<void> {
  for (let turn = 0; factory.connections > 0; turn++) {
    if (turn === 2_000) throw new Error('a connection is left');
    await rig.turns(1);
  }
}

export const TRANSPORTS: readonly (readonly [string, typeof overTCP])[] = [
  ['in clear', overTCP],
  ['over TLS', overTLS],
];

/** Contexts, and pairs of transports, that are secured. */
import { NOT_CONNECTED } from '../../src/core/protocol.js';
import { IPv4Address, type StreamProtocol } from '../../src/index.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import {
  TLSClientContext,
  TLSClientFactory,
  type TLSClientOptions,
  TLSServerContext,
  TLSServerFactory,
  type TLSServerOptions,
} from '../../src/tls/index.js';
import { Authority, type MadeCertificate } from '../support/certificates.js';

export const HOSTNAME = 'server.example';

export const authority: Authority = await Authority.make();
export const identity: MadeCertificate = await authority.issue('server', {
  names: [HOSTNAME],
  addresses: ['127.0.0.1'],
});

export type Engine = 'node' | 'native';

export const ENGINES: readonly Engine[] = ['node', 'native'];

export function serverContext(options: TLSServerOptions = {}): TLSServerContext {
  return new TLSServerContext({ identity, ...options });
}

export function clientContext(options: TLSClientOptions = {}): TLSClientContext {
  return new TLSClientContext({ trustRoots: authority.certificate, ...options });
}

const NOWHERE = new IPv4Address('TCP', '192.0.2.1', 1);

/** A protocol that secures its connection before `protocol` has it. */
export function asServer(context: TLSServerContext, protocol: StreamProtocol): StreamProtocol {
  const factory = new TLSServerFactory(context, () => protocol);
  return factory.buildProtocol(NOWHERE) as StreamProtocol;
}

export function asClient(context: TLSClientContext, protocol: StreamProtocol): StreamProtocol {
  const factory = new TLSClientFactory(context, () => protocol, { hostname: HOSTNAME });
  return factory.buildProtocol(NOWHERE) as StreamProtocol;
}

/** Pairs over TLS over other pairs, after the handshake. The first end is the client. */
export function securedPairs(makePair: MakePair, engine: Engine): MakePair {
  const server = serverContext({ engine });
  const client = clientContext({ engine });
  return async (first, second) => {
    const stage = await makePair(asClient(client, first), asServer(server, second));
    const ready = ({ transport }: StreamProtocol): boolean =>
      transport?.connected !== true ||
      (transport.tls?.handshakeComplete === true && transport.bufferedBytes === 0);
    await stage.until(
      () => opened(first) && opened(second) && ready(first) && ready(second),
      'the handshake',
    );
    return stage;
  };
}

/** Whether its `connectionMade` was called. */
function opened({ transport }: StreamProtocol): boolean {
  return transport !== undefined && transport !== NOT_CONNECTED;
}

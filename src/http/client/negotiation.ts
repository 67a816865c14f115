/** The protocol of a connection until its TLS handshake has decided about the version of HTTP (RFC 7301, RFC 9113 section 3.2). */
import type { StreamProtocol, SwitchableTransport } from '../../core/stream-protocol.js';
import type { Transport } from '../../core/transport.js';
import { checkSwitchable } from '../upgrade.js';

/** In order of preference. */
export const ALPN_PROTOCOLS: readonly string[] = ['h2', 'http/1.1'];

const NOTHING: Buffer = Buffer.alloc(0);

/** Makes the protocol of a version. */
export type ProtocolChoice = (isHTTP2: boolean) => StreamProtocol;

/** Becomes the protocol of the version that the server chooses; HTTP/1.1 if it does not choose, or without TLS. */
export class Negotiation implements StreamProtocol {
  /** Set anew when TLS secures the connection. */
  transport: Transport | undefined = undefined;
  readonly description = 'HTTP client: TLS handshake';
  private readonly choose: ProtocolChoice;

  constructor(choose: ProtocolChoice) {
    this.choose = choose;
  }

  makeConnection(transport: Transport): void {
    this.transport = transport;
    if (transport.tls === undefined) this.become(transport);
  }

  handshakeCompleted(): void {
    this.become(this.transport as Transport);
  }

  /** The server may send only after the handshake, when another protocol receives. */
  dataReceived(): void {}

  connectionLost(): void {}

  private become(transport: Transport): void {
    const switchable: SwitchableTransport = checkSwitchable(transport, false);
    switchable.switchProtocol(this.choose(transport.tls?.negotiatedProtocol === 'h2'), NOTHING);
  }
}

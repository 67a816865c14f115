/** A connection that the server gave to another protocol: counts it until its end, and passes everything on. */
import { describeProtocol } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { failConnection, failOnRejection } from '../defer/callback-result.js';
import type { ServedProtocol } from './http-service.js';
import type { ConnectionRegistry } from './served-connection.js';
import type { UpgradedProtocol } from './upgraded-protocol.js';

/**
 * The optional methods of protocols are undefined if the protocol does not have them: their presence decides how a connection ends.
 * Private fields are TypeScript's, as in HTTPConnection.
 */
export class UpgradedConnection implements ServedProtocol {
  private readonly protocol: UpgradedProtocol;
  private registry: ConnectionRegistry | undefined = undefined;
  private current: Transport | undefined = undefined;

  constructor(protocol: UpgradedProtocol) {
    this.protocol = protocol;
  }

  get transport(): Transport | undefined {
    return this.current;
  }

  /** Set by `startTLS`. */
  set transport(transport: Transport | undefined) {
    this.current = transport;
    if ('transport' in this.protocol) this.protocol.transport = transport;
  }

  get acceptsLentBytes(): boolean {
    return this.protocol.acceptsLentBytes === true;
  }

  get description(): string {
    return describeProtocol(this.protocol);
  }

  get unreadBytes(): number {
    return this.protocol.unreadBytes ?? 0;
  }

  get readConnectionLost(): () => unknown {
    if (this.protocol.readConnectionLost === undefined) return undefined as never;
    return () => this.protocol.readConnectionLost?.();
  }

  get writeConnectionLost(): () => unknown {
    if (this.protocol.writeConnectionLost === undefined) return undefined as never;
    return () => this.protocol.writeConnectionLost?.();
  }

  get fileDescriptorReceived(): (fd: number) => unknown {
    if (this.protocol.fileDescriptorReceived === undefined) return undefined as never;
    return (fd) => this.protocol.fileDescriptorReceived?.(fd);
  }

  get handshakeCompleted(): () => unknown {
    if (this.protocol.handshakeCompleted === undefined) return undefined as never;
    return () => this.protocol.handshakeCompleted?.();
  }

  countedBy(registry: ConnectionRegistry): void {
    this.registry = registry;
  }

  makeConnection(transport: Transport): unknown {
    this.current = transport;
    return this.protocol.makeConnection(transport);
  }

  dataReceived(data: Buffer): unknown {
    return this.protocol.dataReceived(data);
  }

  connectionLost(reason: Error): unknown {
    this.registry?.remove(this);
    return this.protocol.connectionLost(reason);
  }

  drain(): void {
    const transport = this.current as Transport;
    if (this.protocol.serverClosing === undefined) {
      transport.loseConnection();
      return;
    }
    try {
      const result = this.protocol.serverClosing();
      if (result !== undefined) failOnRejection(result, transport, 'serverClosing');
    } catch (error) {
      failConnection(transport, error, 'serverClosing');
    }
  }

  abort(): void {
    this.current?.abortConnection();
  }
}

/** The client's end of a tunnel through an HTTP server: an upgraded connection, or one after CONNECT. */
import type { ServedProtocol } from '../http/http-service.js';
import type { ConnectionRegistry } from '../http/served-connection.js';
import { OutboundEnd } from '../policies/relay.js';

/** The HTTP server counts it, and closes it when it drains. */
export class TunnelEnd extends OutboundEnd implements ServedProtocol {
  private registry: ConnectionRegistry | undefined = undefined;

  get description(): string {
    return 'HTTP: tunnel';
  }

  countedBy(registry: ConnectionRegistry): void {
    this.registry = registry;
  }

  drain(): void {
    // The other end is its producer, for which closing would wait.
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }

  abort(): void {
    this.transport.abortConnection();
  }

  override connectionLost(reason: Error): void {
    super.connectionLost(reason);
    this.idle?.set(null);
    this.registry?.remove(this);
  }
}

/** Counts the stream connections of a reactor. */
import type { SocketTransport } from '../../core/transport.js';
import { connectionLostChannel } from '../diagnostics.js';

export class ConnectionCounts {
  accepted = 0;
  made = 0;
  lost = 0;
  open = 0;
  /** Called when no connection is open any more. */
  onNone: (() => void) | undefined = undefined;

  /** A connection ended, and its `connectionLost` has been called. */
  ended(transport: SocketTransport, reason: Error): void {
    this.open -= 1;
    this.lost += 1;
    if (connectionLostChannel.hasSubscribers) connectionLostChannel.publish({ transport, reason });
    if (this.open === 0) this.onNone?.();
  }
}

/** A UNIX connection of a simulated reactor: no option of TCP, no descriptors and no credentials. */

import { UnsupportedError } from '../../core/errors/reactor.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { PeerCredentials } from '../../core/unix-options.js';
import { noSocketOption } from '../../reactor/streams/socket-side.js';
import { SimulatedTransport } from './simulated-transport.js';

const BYTES_ONLY = 'simulated UNIX sockets carry bytes only';

export class SimulatedUNIXTransport extends SimulatedTransport {
  protected override checkTcp(method: string): void {
    throw noSocketOption(method);
  }

  override getPeerCredentials(): PeerCredentials | undefined {
    throw new UnsupportedError('getPeerCredentials', BYTES_ONLY);
  }

  /** @internal A protocol that waits for descriptors would wait for ever. */
  override start(protocol: StreamProtocol, failed?: (error: unknown) => void): boolean {
    const made = super.start(protocol, failed);
    if (protocol.fileDescriptorReceived === undefined) return made;
    this.fail(new UnsupportedError('fileDescriptorReceived', BYTES_ONLY), 'start');
    return false;
  }

  override sendFileDescriptor(_fd: number): void {
    throw new UnsupportedError('sendFileDescriptor', BYTES_ONLY);
  }
}

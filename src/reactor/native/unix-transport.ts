/** A UNIX stream of the native reactor: a transport that carries descriptors and knows its peer's credentials. */

import { DescriptorLimitError } from '../../core/errors/connection.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { MAX_WAITING_DESCRIPTORS } from '../../core/transport.js';
import type { PeerCredentials } from '../../core/unix-options.js';
import { checkInteger } from '../../internal/check.js';
import { noSocketOption } from '../streams/socket-side.js';
import { descriptorError } from './errors.js';
import { COMMAND_ALLOW_DESCRIPTORS, EVENT_DESCRIPTOR } from './shared-memory.js';
import type { NativeSockets } from './sockets.js';
import { NativeTransport } from './transport.js';

const MAX_INT32 = 2 ** 31 - 1;

export class NativeUNIXTransport extends NativeTransport {
  #maxWaitingDescriptors: number = MAX_WAITING_DESCRIPTORS;

  protected override checkTcp(method: string): void {
    throw noSocketOption(method);
  }

  override getPeerCredentials(): PeerCredentials | undefined {
    return credentialsOf(this.sockets, this.handle);
  }

  override sendFileDescriptor(fd: number): void {
    checkInteger('fd', fd, 0, MAX_INT32);
    if (!this.writable) return;
    const most = this.#maxWaitingDescriptors;
    let waiting: number;
    try {
      waiting = this.sockets.loop.sendDescriptor(this.handle, fd, most);
    } catch (error) {
      throw descriptorError(error, 'open', fd);
    }
    if (waiting < 0) throw new DescriptorLimitError(most);
    if (waiting >= most) this.descriptorsFull();
  }

  override get waitingDescriptors(): number {
    return this.handle === 0 ? 0 : this.sockets.loop.waitingDescriptors(this.handle);
  }

  override get maxWaitingDescriptors(): number {
    return this.#maxWaitingDescriptors;
  }

  override set maxWaitingDescriptors(most: number) {
    this.#maxWaitingDescriptors = checkInteger('maxWaitingDescriptors', most, 1, MAX_INT32);
  }

  /** @internal */
  override start(protocol: StreamProtocol, failed?: (error: unknown) => void): boolean {
    this.protocol = protocol;
    if (this.defines('fileDescriptorReceived')) this.command(COMMAND_ALLOW_DESCRIPTORS);
    return super.start(protocol, failed);
  }

  /** @internal */
  override nativeEvent(kind: number, a: number, b: number): void {
    if (kind === EVENT_DESCRIPTOR) this.descriptorReceived(a);
    else super.nativeEvent(kind, a, b);
  }
}

/** Undefined once the socket is gone. */
export function credentialsOf(sockets: NativeSockets, handle: number): PeerCredentials | undefined {
  const out = new Int32Array(3);
  if (handle === 0 || !sockets.loop.credentials(handle, out)) return undefined;
  const [pid, uid, gid] = out as unknown as [number, number, number];
  return { pid: pid < 0 ? undefined : pid, uid: uid >>> 0, gid: gid >>> 0 };
}

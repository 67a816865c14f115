/** A UNIX stream of the native reactor: a transport that carries descriptors and knows who its peer is. */
import { UnsupportedError } from '../../core/errors.js';
import type { StreamProtocol } from '../../core/protocol.js';
import type { PeerCredentials } from '../../core/unix-options.js';
import { checkInteger } from '../../internal/check.js';
import { descriptorError } from './native-errors.js';
import { NativeTransport } from './native-transport.js';
import { COMMAND_ALLOW_DESCRIPTORS, EVENT_DESCRIPTOR } from './shared-memory.js';

const MAX_FD = 2 ** 31 - 1;

export class NativeUNIXTransport extends NativeTransport {
  override getTcpNoDelay(): boolean {
    throw noOption('getTcpNoDelay');
  }

  override setTcpNoDelay(_enabled: boolean): void {
    throw noOption('setTcpNoDelay');
  }

  override getTcpKeepAlive(): boolean {
    throw noOption('getTcpKeepAlive');
  }

  override setTcpKeepAlive(_enabled: boolean): void {
    throw noOption('setTcpKeepAlive');
  }

  override getPeerCredentials(): PeerCredentials | undefined {
    const out = new Int32Array(3);
    if (this.handle === 0 || !this.sockets.loop.credentials(this.handle, out)) return undefined;
    const [pid, uid, gid] = out as unknown as [number, number, number];
    return { pid: pid < 0 ? undefined : pid, uid: uid >>> 0, gid: gid >>> 0 };
  }

  override sendFileDescriptor(fd: number): void {
    checkInteger('fd', fd, 0, MAX_FD);
    if (!this.writable) return;
    try {
      this.sockets.loop.sendDescriptor(this.handle, fd);
    } catch (error) {
      throw descriptorError(error, 'open', fd);
    }
  }

  /** @internal */
  override start(protocol: StreamProtocol): void {
    if (protocol.fileDescriptorReceived !== undefined) this.command(COMMAND_ALLOW_DESCRIPTORS);
    super.start(protocol);
  }

  /** @internal */
  override nativeEvent(kind: number, a: number, b: number): void {
    if (kind === EVENT_DESCRIPTOR) this.descriptorReceived(a);
    else super.nativeEvent(kind, a, b);
  }
}

function noOption(method: string): UnsupportedError {
  return new UnsupportedError(method, 'UNIX sockets have no such option');
}

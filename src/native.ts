/** Finds, loads and types the addon. What its functions do is said in native/binding*.cc. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { AddonNotLoadedError } from './core/errors.js';

/** A native reactor: see native/reactor/shared_memory.h for what is traded through `memory`. */
export interface NativeLoop {
  readonly poller: string;
  readonly memory: ArrayBuffer;
  addSlab(memory: Uint8Array): boolean;
  address(handle: number, peer: boolean, out: Int32Array): boolean;
  /** 4, 6, 1 for UNIX, 0 for a stale handle. */
  addressFamily(handle: number): 0 | 1 | 4 | 6;
  adoptDatagram(fd: number, takeOver: boolean, settings: Int32Array): number;
  adoptListener(fd: number, takeOver: boolean): number;
  adoptStream(fd: number, takeOver: boolean): number;
  close(handle: number): void;
  closeDescriptor(fd: number): void;
  connect(
    host: string,
    port: number,
    localHost: string,
    localPort: number,
    settings: Int32Array,
  ): number;
  connectDatagram(handle: number, host: string, port: number): void;
  connectUnixDatagram(handle: number, path: string): void;
  /** @param settings `[sendBufferBytes]` */
  connectUnix(path: string, settings: Int32Array): number;
  /** @param out `[process, user, group]` */
  credentials(handle: number, out: Int32Array): boolean;
  datagramOption(handle: number, which: number): number;
  /** `[truncated, dropped]` */
  datagramStatistics(handle: number): [number, number];
  descriptor(handle: number): number;
  detach(handle: number): number;
  dispose(): void;
  flag(handle: number, which: number): boolean;
  flush(): void;
  listen(host: string, port: number, settings: Int32Array): number;
  listenUdp(host: string, port: number, settings: Int32Array): number;
  /** An empty path leaves the socket without a name. */
  listenUnixDatagram(path: string, mode: number, settings: Int32Array): number;
  /** @param settings `[backlog, mode, sendBufferBytes]` */
  listenUnix(path: string, settings: Int32Array): number;
  multicast(handle: number, join: boolean, group: string, through: string, source: string): void;
  /** `[four words, is IPv6, scope]`; false if `host` is no IP address. */
  parseAddress(host: string, out: Int32Array): boolean;
  queuedBytes(handle: number): number;
  sendDescriptor(handle: number, fd: number): void;
  setDatagramOption(handle: number, which: number, value: number): void;
  setFlag(handle: number, which: number, enabled: boolean): void;
  setInterest(handle: number, interest: number): void;
  setMulticastInterface(handle: number, through: string): void;
  /** `[turns, bytesReceived, bytesSent, lastTurnNanos, sockets]` */
  statistics(): [number, number, number, number, number];
  unixPath(handle: number, peer: boolean): Buffer | null;
  /** Whether there was a file, and it was the listener's own. */
  unlinkUnix(handle: number): boolean;
  watch(fd: number, interest: number): number;
  write(handle: number, data: Uint8Array): void;
}

export interface Addon {
  createLoop(
    poller: string,
    busyPollMicros: number,
    measureTurns: boolean,
    dispatch: () => void,
  ): NativeLoop;
  /** @param done Is given libuv's number for an error, positive, or 0; and addresses as text. */
  lookUp(
    name: string,
    family: 0 | 4 | 6,
    done: (errno: number, addresses: readonly string[]) => void,
  ): void;
}

let loaded: Addon | undefined;

/**
 * Loads the addon: a prebuilt one for this platform from prebuilds/, else the one built in build/.
 * @throws AddonNotLoadedError
 */
export function loadAddon(): Addon {
  if (loaded !== undefined) return loaded;
  const packageRoot = fileURLToPath(new URL('..', import.meta.url));
  try {
    const require = createRequire(import.meta.url);
    const load = require('node-gyp-build') as (directory: string) => Addon;
    loaded = load(packageRoot);
    return loaded;
  } catch (cause) {
    throw new AddonNotLoadedError(
      `the native reactor's addon could not be loaded for ${process.platform}-${process.arch}`,
      { cause },
    );
  }
}

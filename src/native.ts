/** Loads and types the addon. Its functions are documented in native/binding*.cc. */
import { createRequire } from 'node:module';

import type { AddonAttempt } from './core/errors/reactor.js';
import { addonFiles } from './native-files.js';
import { addonNotLoaded, runtimeWithoutAddon } from './native-refusal.js';

/** A native reactor: see native/reactor/shared_memory.h for the contents of `memory`. */
export interface NativeLoop {
  readonly poller: string;
  /** An ArrayBuffer, or a SharedArrayBuffer if the engine accepts only memory of its own. */
  readonly memory: ArrayBufferLike;
  /** The memory for received bytes: a SharedArrayBuffer if `memory` is one. A new one if the former was detached. */
  arena(): ArrayBuffer;
  address(handle: number, peer: boolean, out: Int32Array): boolean;
  /** 4, 6, 1 for UNIX, 0 for a stale handle. */
  addressFamily(handle: number): 0 | 1 | 4 | 6;
  adoptDatagram(fd: number, takeOver: boolean, settings: Int32Array): number;
  adoptListener(fd: number, takeOver: boolean): number;
  /** @param direction 1 to read, 2 to write, 3 for both. */
  adoptPipe(fd: number, direction: number, takeOver: boolean): number;
  /** @param settings See `serialInts`. */
  configureSerial(fd: number, settings: Int32Array): void;
  /** @returns A number for the next two. */
  enterRawMode(fd: number): number;
  resumeRawMode(mode: number): void;
  leaveRawMode(mode: number): void;
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
  /** Masks bytes of the receive arena. @returns Whether all are then ASCII. */
  maskReceived(offset: number, length: number, key: number): boolean;
  multicast(handle: number, join: boolean, group: string, through: string, source: string): void;
  /** `[four words, is IPv6, scope]`; false if `host` is not an IP address. */
  parseAddress(host: string, out: Int32Array): boolean;
  queuedBytes(handle: number): number;
  /** The input of one stream goes to another. @returns False if the system or the streams cannot. */
  relay(from: number, to: number): boolean;
  /** @returns The number of unsent descriptors; -1 if `most` are unsent already: then this one was not taken. */
  sendDescriptor(handle: number, fd: number, most: number): number;
  /** @returns False if the stream cannot send files. */
  sendFile(handle: number, fd: number, position: number, length: number): boolean;
  setDatagramOption(handle: number, which: number, value: number): void;
  setFlag(handle: number, which: number, enabled: boolean): void;
  setInterest(handle: number, interest: number): void;
  setMulticastInterface(handle: number, through: string): void;
  /**
   * Secures a stream; see native/binding_tls_streams.cc.
   * @param alpn As in the extension; empty for the context's.
   * @param received The first ciphertext.
   * @returns False, and nothing is changed, if parts of files are unsent.
   */
  startTls(
    handle: number,
    context: object,
    hostname: string,
    sessionKey: string,
    alpn: Uint8Array,
    received: Uint8Array,
  ): boolean;
  /** `[turns, bytesReceived, bytesSent, lastTurnNanos, sockets, lingeringSenders]` */
  statistics(): [number, number, number, number, number, number];
  /** Undefined for a stale handle. @throws Error the handshake is not complete. */
  tlsExport(
    handle: number,
    length: number,
    label: string,
    context: Uint8Array | undefined,
  ): Buffer | undefined;
  /** The TLSFailure of secure-stream.ts. */
  tlsFailure(handle: number): object | undefined;
  /** After the handshake: drops unsent bytes, and sends a fatal alert if the session can make it. */
  tlsRefuse(handle: number, alert: number): void;
  /** Answers EVENT_TLS_HELLO; null refuses the client. */
  tlsSelect(handle: number, context: object | null): void;
  /** The TLSState of secure-stream.ts. */
  tlsState(handle: number): object | undefined;
  unixPath(handle: number, peer: boolean): Buffer | null;
  /** Whether the file existed and was the listener's own. */
  unlinkUnix(handle: number): boolean;
  /** Descriptors given to `sendDescriptor` that were not sent. */
  waitingDescriptors(handle: number): number;
  watch(fd: number, interest: number): number;
  write(handle: number, data: Uint8Array): void;
}

/** The native objects of TLS, opaque to JavaScript. */
export type NativeTLSRoots = object & { readonly _kind?: 'TLS roots' };
export type NativeTLSContext = object & { readonly _kind?: 'TLS context' };
export type NativeTLSSession = object & { readonly _kind?: 'TLS session' };

/**
 * TLS without sockets, over the process's OpenSSL: see native/tls/tls_session.h. The functions of a session return an outcome,
 * undefined after `destroyTlsSession`, and fill `result`: bytes of plaintext, bytes of ciphertext, whether there is more ciphertext
 * (1 or 0), whether the handshake is complete.
 */
export interface NativeTLS {
  closeTlsSession(
    session: NativeTLSSession,
    ciphertext: Uint8Array,
    result: Int32Array,
  ): number | undefined;
  /**
   * @param settings A `TLSSettings` of src/tls/settings.ts.
   * @throws Error with the faulty `field`, and OpenSSL's `reason`.
   */
  createTlsContext(
    settings: object,
    isServer: boolean,
    roots: NativeTLSRoots | undefined,
    clientRoots: readonly Uint8Array[],
  ): NativeTLSContext;
  /** @throws Error as `createTlsContext` does. */
  createTlsRoots(certificates: readonly Uint8Array[], crls: readonly Uint8Array[]): NativeTLSRoots;
  /** @param alpn As in the extension: each name after its length. */
  createTlsSession(
    context: NativeTLSContext,
    hostname: string,
    sessionKey: string,
    alpn: Uint8Array,
  ): NativeTLSSession;
  destroyTlsSession(session: NativeTLSSession): void;
  /** @throws Error the handshake is not complete, or the session was destroyed. */
  exportTlsKey(
    session: NativeTLSSession,
    length: number,
    label: string,
    context: Uint8Array | undefined,
  ): Buffer;
  /** Includes the handshake. Input that does not fit into `plaintext` is kept. */
  readTlsSession(
    session: NativeTLSSession,
    input: Uint8Array,
    plaintext: Uint8Array,
    ciphertext: Uint8Array,
    result: Int32Array,
  ): number | undefined;
  /** Answers the outcome "wants context". */
  refuseTlsSession(
    session: NativeTLSSession,
    alert: number,
    ciphertext: Uint8Array,
    result: Int32Array,
  ): number | undefined;
  selectTlsContext(session: NativeTLSSession, context: NativeTLSContext | null): void;
  /** Lines since the last call, each with its line feed. */
  takeTlsKeyLog(context: NativeTLSContext): string;
  /** A `TLSFailure` of src/reactor/streams/secure-stream.ts; undefined unless the session has failed. */
  tlsFailure(session: NativeTLSSession): object | undefined;
  /** The version of OpenSSL, and why it cannot be used; an empty reason if it can. */
  tlsReport(): { readonly version: string; readonly reason: string };
  tlsServerName(session: NativeTLSSession): string | undefined;
  /** A `TLSState` of src/reactor/streams/secure-stream.ts; undefined before the handshake is complete. */
  tlsState(session: NativeTLSSession): object | undefined;
  /** Encrypts all of `plaintext`, or nothing. */
  writeTlsSession(
    session: NativeTLSSession,
    plaintext: Uint8Array,
    ciphertext: Uint8Array,
    result: Int32Array,
  ): number | undefined;
}

/** Child processes and pseudo-terminals: see native/binding_process.cc. Not on Windows. */
export interface NativeProcessCalls {
  /** @param result Exit code or -1, signal or 0. @returns Whether it has exited. @throws Error ECHILD */
  reapProcess(pid: number, result: Int32Array): boolean;
  /** Closes the descriptor of its exit, and reaps it later if that has not been done. */
  releaseProcess(pid: number, reaped: boolean): void;
  /** @param size Columns, rows, width and height in pixels. */
  setTerminalSize(fd: number, size: Int32Array): void;
  /** @param result The process, and a descriptor that becomes readable when it has exited. */
  spawnProcess(
    text: Uint8Array,
    settings: Int32Array,
    ids: Float64Array,
    descriptors: Int32Array,
    limits: Float64Array,
    result: Int32Array,
  ): void;
  terminalSize(fd: number, size: Int32Array): void;
}

/** inotify(7): see native/binding_files.cc. Linux only. Instances that are open at the end of the thread are closed. */
export interface NativeInotify {
  /** @returns A descriptor, to be watched by a reactor and closed by `closeInotify`. */
  openInotify(): number;
  /** @param mask As in inotify(7). @returns A watch. */
  addInotifyWatch(instance: number, path: Uint8Array, mask: number): number;
  /** @returns False if the system has removed it. */
  removeInotifyWatch(instance: number, watch: number): boolean;
  /** @returns Bytes of whole records; 0 if there are none. */
  readInotify(instance: number, memory: Uint8Array): number;
  closeInotify(instance: number): void;
}

/** A context of GLib, referenced as long as the object is reachable. */
export interface NativeGLibContext {
  readonly address: number;
}

/** A foreign loop hosted in Node's loop: see native/binding_foreign_host.h. */
export interface NativeForeignHost {
  detach(): void;
  keepAlive(wanted: boolean): void;
  /** @param pairs A number, and 1 to read, 2 to write, 3 for both, for each of `count` descriptors. */
  setDescriptors(pairs: Int32Array, count: number): void;
  /** @returns The number of ready descriptors: numbers and bits are stored, 1 readable, 2 writable, 4 failed, 8 not open. */
  takeReady(pairs: Int32Array): number;
  /** @param totals Passes, wake-ups, dispatches, spurious wake-ups, longest dispatch in milliseconds, descriptors. */
  totals(totals: Float64Array): void;
}

/**
 * Called if a descriptor of a foreign loop cannot be watched, or all of them (-1).
 * @param call The name of a system call.
 */
export type Unwatched = (errno: number, call: string, descriptor: number) => void;

/** Foreign loops: see native/binding_foreign.cc. Not on Windows. */
export interface NativeForeignLoops {
  /**
   * @param library Empty for the platform's usual file.
   * @param address 0 for a new context (`make`) or the default one. Anything but a context ends the process.
   * @throws Error the library could not be loaded.
   */
  glibContext(library: string, make: boolean, address: number): NativeGLibContext;
  /**
   * @param settings The budget of dispatches in a turn in microseconds, and their number.
   * @param dispatched Called after each dispatch, with an exception that it left.
   * @throws Error EALREADY it is attached, EBUSY another thread owns it.
   */
  hostGlib(
    context: NativeGLibContext,
    threadDefault: boolean,
    settings: Int32Array,
    dispatched: (error: unknown) => void,
    unwatched: Unwatched,
  ): NativeForeignHost;
  /**
   * The CFRunLoop of this thread.
   * @param library Empty for the system's framework.
   * @throws Error ENOENT the library could not be loaded.
   */
  hostCoreFoundation(
    library: string,
    settings: Int32Array,
    dispatched: (error: unknown) => void,
  ): NativeForeignHost;
  /** @param prepare Returns milliseconds, -1 for no limit. */
  hostForeign(
    settings: Int32Array,
    prepare: () => number,
    dispatch: () => void,
    unwatched: Unwatched,
  ): NativeForeignHost;
  wakeUpGlib(context: NativeGLibContext): void;
}

/** Node's loop as a guest of another loop: see native/binding_guest_calls.cc. */
export interface NativeGuest {
  readonly descriptor: number;
  /**
   * @returns An identifier.
   * @throws Error EALREADY the context is attached to a reactor, EBUSY another thread runs it.
   */
  attachGlib(
    context: BigUint64Array,
    priority: number,
    yieldAfterMicros: number,
    relay: BigUint64Array,
  ): number;
  /** Calls a C function: its address, and at most four arguments. */
  call(call: BigUint64Array): void;
  /** Milliseconds; -1 without a deadline, or unless `serving`. */
  deadline(): number;
  detachGlib(id: number): void;
  /** Runs reactions of promises, if `serving`. */
  drain(): void;
  /** @returns An identifier. */
  enter(call: () => unknown, quit: BigUint64Array, done: BlockingDone): number;
  /** @returns An identifier. */
  enterGlib(context: BigUint64Array, done: BlockingDone): number;
  /** @returns An identifier. */
  enterNative(call: BigUint64Array, quit: BigUint64Array, done: BlockingDone): number;
  /** An empty array ends it. */
  interleave(wake: BigUint64Array): void;
  /** A call that has not begun is not made. @returns Whether that is so. */
  leave(id: number): boolean;
  quitGlib(id: number): void;
  /** Whether a turn is possible. */
  serving(): boolean;
  /** @returns 0 for a turn, 1 if none is possible, 2 if the environment is ending. */
  turn(): number;
}

/** @param result The exception if it did not succeed. */
export type BlockingDone = (succeeded: boolean, result: unknown) => void;

export interface Addon extends NativeTLS, NativeProcessCalls, NativeInotify, NativeForeignLoops {
  createLoop(
    poller: string,
    busyPollMicros: number,
    measureTurns: boolean,
    dispatch: () => void,
  ): NativeLoop;
  /**
   * @param refused Called after a source of GLib has asked for a turn in vain, once for each time; with false if it did so on another stack.
   * @throws Error ENOTSUP, ENOSYS
   */
  createGuest(idle: () => void, refused: (inTurn: boolean) => void): NativeGuest;
  /** @param library Empty for all libraries of the process. @returns 0 if there is none. */
  findFunction(library: string, name: string): bigint;
  glibFound(): boolean;
  /** The scope of link-local addresses of this interface, as Node spells it; its number as text if it does not exist. */
  interfaceScope(index: number): string;
  /** Loops of this thread that are not freed. For a test. */
  loopCount(): number;
  /** @param done Receives libuv's number for an error, positive, or 0; and addresses as text. */
  lookUp(
    name: string,
    family: 0 | 4 | 6,
    done: (errno: number, addresses: readonly string[]) => void,
  ): void;
}

/** An addon that was loaded. */
export interface LoadedAddon {
  readonly addon: Addon;
  readonly file: string;
  /** The files before it, which could not be loaded. */
  readonly attempts: readonly AddonAttempt[];
}

let loaded: LoadedAddon | undefined;

/**
 * Loads the addon, once: the first of its files that can be loaded.
 * @throws AddonNotLoadedError
 */
export function loadAddon(): Addon {
  return findAddon().addon;
}

/**
 * Like `loadAddon`, and also returns the file it was found in.
 * @throws AddonNotLoadedError
 */
export function findAddon(): LoadedAddon {
  if (loaded !== undefined) return loaded;
  const attempts: AddonAttempt[] = [];
  if (runtimeWithoutAddon() !== undefined) throw addonNotLoaded(attempts);
  for (const file of addonFiles()) {
    try {
      loaded = { addon: load(file), file, attempts };
      return loaded;
    } catch (error) {
      attempts.push({ file, error: error as Error });
    }
  }
  throw addonNotLoaded(attempts);
}

function load(file: string): Addon {
  // Not this module's `require`, which a bundler would process.
  const addon = createRequire(file)(file) as Partial<Addon>;
  if (typeof addon.createLoop !== 'function') throw new Error('it is not the addon of Ropewalk');
  return addon as Addon;
}

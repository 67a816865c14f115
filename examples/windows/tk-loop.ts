/**
 * Tcl's event loop as a foreign loop, for windows made with Tk: Tcl lets programs replace its notifier, the part that waits
 * (Tcl_SetNotifier), and this one leaves the waiting to the reactor. See notifier(3tcl).
 */
import type { ForeignDescriptor, ForeignLoop, ForeignReady, ForeignWait } from 'ropewalk/foreign';
import { MissingToolkitError } from './connections-window.js';
import { checkDisplay, type Koffi, type Library, loadKoffi } from './load-koffi.js';

const READABLE = 2;
const WRITABLE = 4;
const EXCEPTION = 8;
const SERVICE_ALL = 1;
const OK = 0;
const POLLFD_BYTES = 8;
const POLLIN = 1;
const POLLOUT = 4;

interface FileHandler {
  readonly fd: number;
  readonly mask: number;
  readonly proc: bigint;
  readonly data: bigint;
}

/** Makes the only interpreter of the process. @throws MissingToolkitError */
export async function openTk(now: () => number): Promise<TkLoop> {
  const koffi = await loadKoffi();
  checkDisplay();
  let libraries: [tcl: Library, tk: Library];
  try {
    libraries = [koffi.load('libtcl8.6.so', { global: true }), koffi.load('libtk8.6.so')];
  } catch (error) {
    throw new MissingToolkitError('Tk is not installed: apt-get install tk8.6', { cause: error });
  }
  return new TkLoop(koffi, ...libraries, now);
}

export class TkLoop implements ForeignLoop {
  readonly name = 'Tk';
  readonly #koffi: Koffi;
  readonly #now: () => number;
  readonly #handlers = new Map<number, FileHandler>();
  readonly #interpreter: bigint;
  readonly #serviceAll: () => number;
  readonly #eval: (interpreter: bigint, script: string) => number;
  readonly #result: (interpreter: bigint) => string;
  readonly #createCommand: (...args: unknown[]) => unknown;
  readonly #poll: (polled: Buffer, count: number, timeoutMs: number) => number;
  readonly #fileProc;
  readonly #commandProc;
  #wait: ForeignWait = { descriptors: [], until: Number.POSITIVE_INFINITY };

  constructor(koffi: Koffi, tcl: Library, tk: Library, now: () => number) {
    this.#koffi = koffi;
    this.#now = now;
    this.#fileProc = koffi.proto('void', ['void *', 'int']);
    this.#commandProc = koffi.proto('int', ['void *', 'void *', 'int', 'str *']);
    this.#poll = koffi.load(null).func('int poll(void *polled, ulong count, int timeout)');
    this.#serviceAll = tcl.func('int Tcl_ServiceAll()');
    this.#eval = tcl.func('int Tcl_Eval(void *interpreter, str script)');
    this.#result = tcl.func('str Tcl_GetStringResult(void *interpreter)');
    this.#createCommand = tcl.func(
      'void *Tcl_CreateCommand(void *interpreter, str name, void *proc, void *data, void *deleted)',
    );
    tcl.func('void Tcl_SetNotifier(void **functions)')(this.#notifier());
    tcl.func('void Tcl_FindExecutable(str path)')(process.execPath);
    this.#interpreter = tcl.func('void *Tcl_CreateInterp()')();
    tcl.func('int Tcl_SetServiceMode(int mode)')(SERVICE_ALL);
    for (const init of [tcl.func('int Tcl_Init(void *)'), tk.func('int Tk_Init(void *)')]) {
      if (init(this.#interpreter) !== OK) throw new Error(this.#result(this.#interpreter));
    }
  }

  /** Runs a script. @throws Error with Tcl's message */
  eval(script: string): string {
    const status = this.#eval(this.#interpreter, script);
    const result = this.#result(this.#interpreter);
    if (status !== OK) throw new Error(result);
    return result;
  }

  /** Defines a command of Tcl that calls `callback`, which must not throw. */
  command(name: string, callback: () => void): void {
    const proc = this.#register(this.#commandProc, () => {
      callback();
      return OK;
    });
    this.#createCommand(this.#interpreter, name, proc, null, null);
  }

  prepare(): ForeignWait {
    return this.#wait;
  }

  dispatch(ready: readonly ForeignReady[]): void {
    for (const { fd, readable, writable, failed } of ready) {
      const handler = this.#handlers.get(fd);
      if (handler === undefined) continue;
      const mask = (readable ? READABLE : 0) | (writable ? WRITABLE : 0) | (failed ? EXCEPTION : 0);
      this.#koffi.call(handler.proc, this.#fileProc, handler.data, mask & handler.mask);
    }
    this.#serviceAll(); // sets the timer anew
  }

  #notifier(): bigint[] {
    const changed = (): void => {
      const descriptors = [...this.#handlers.values()].map(
        ({ fd, mask }): ForeignDescriptor => ({
          fd,
          read: (mask & READABLE) !== 0,
          write: (mask & WRITABLE) !== 0,
        }),
      );
      this.#wait = { ...this.#wait, descriptors };
    };
    const setTimer = (time: bigint | null): void => {
      this.#wait = { ...this.#wait, until: this.#now() + this.#milliseconds(time) };
    };
    const create = (fd: number, mask: number, proc: bigint, data: bigint): void => {
      this.#handlers.set(fd, { fd, mask, proc, data });
      changed();
    };
    const remove = (fd: number): void => {
      this.#handlers.delete(fd);
      changed();
    };
    const waitForEvent = (time: bigint | null): number =>
      this.#waitInside(this.#milliseconds(time));
    const nothing = (): void => {};
    const proto = (result: string, ...parameters: string[]) =>
      this.#koffi.proto(result, parameters);
    return [
      this.#register(proto('void', 'void *'), setTimer),
      this.#register(proto('int', 'void *'), waitForEvent),
      this.#register(proto('void', 'int', 'int', 'void *', 'void *'), create),
      this.#register(proto('void', 'int'), remove),
      this.#register(proto('void *'), () => null),
      this.#register(proto('void', 'void *'), nothing),
      this.#register(proto('void', 'void *'), nothing),
      this.#register(proto('void', 'int'), nothing),
    ];
  }

  /** Called by loops inside of scripts, such as `vwait`: they wait for Tcl's events only, and the reactor for them. */
  #waitInside(ms: number): number {
    const handlers = [...this.#handlers.values()];
    const polled = Buffer.alloc(POLLFD_BYTES * handlers.length);
    for (const [index, { fd, mask }] of handlers.entries()) {
      polled.writeInt32LE(fd, index * POLLFD_BYTES);
      polled.writeInt16LE(mask === WRITABLE ? POLLOUT : POLLIN, index * POLLFD_BYTES + 4);
    }
    this.#poll(polled, handlers.length, ms === Number.POSITIVE_INFINITY ? -1 : Math.ceil(ms));
    for (const [index, { mask, proc, data }] of handlers.entries()) {
      const ready = polled.readInt16LE(index * POLLFD_BYTES + 6) !== 0;
      if (ready) this.#koffi.call(proc, this.#fileProc, data, mask);
    }
    return 0;
  }

  /** Of a Tcl_Time, which has seconds and microseconds. */
  #milliseconds(time: bigint | null): number {
    if (time === null) return Number.POSITIVE_INFINITY;
    const [seconds = 0, micros = 0] = [...this.#koffi.decode(time, 'long', 2)].map(Number);
    return seconds * 1000 + micros / 1000;
  }

  #register(proto: ReturnType<Koffi['proto']>, callback: (...args: never[]) => unknown): bigint {
    return this.#koffi.register(callback, this.#koffi.pointer(proto));
  }
}

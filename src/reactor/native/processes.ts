/** Child processes of the native reactor: started by the addon, with pipes and a watched descriptor for the exit. */
import { ProcessExitedAlreadyError } from '../../core/errors/processes.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ResourceLimits } from '../../core/spawn-options.js';
import type { TerminalSize } from '../../core/terminal-size.js';
import { type Addon, loadAddon, type NativeLoop } from '../../native.js';
import type { PipeSettings } from '../adoption/pipe-sockets.js';
import type {
  ChildPipe,
  ChildProcesses,
  ExitListener,
  StartedChild,
} from '../processes/child-processes.js';
import { candidates } from '../processes/search-path.js';
import type { DescriptorSource, SpawnSettings } from '../processes/spawn-settings.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { StreamTransport } from '../streams/stream-transport.js';
import { asSystemError } from './errors.js';
import type { NativeSocket, NativeSockets } from './sockets.js';

const INTEREST_READ = 1;

/** Sources of descriptors that are opened by the addon: native/binding_process.cc. */
const PARENT_READS = -1;
const PARENT_WRITES = -2;
const NULL_DEVICE = -3;
const TERMINAL_END = -4;
const STDOUT = 1;

/** In the order of `resourceNumber` in native/process/spawn_posix.cc. */
const RESOURCES: readonly (keyof ResourceLimits)[] = [
  'addressSpaceBytes',
  'coreBytes',
  'cpuSeconds',
  'dataBytes',
  'fileBytes',
  'lockedMemoryBytes',
  'openFiles',
  'processes',
  'stackBytes',
];

type OpenPipe = (settings: PipeSettings, owner: StreamOwner) => StreamTransport;

export class NativeProcesses implements ChildProcesses {
  readonly #sockets: NativeSockets;
  readonly #openPipe: OpenPipe;

  constructor(sockets: NativeSockets, openPipe: OpenPipe) {
    this.#sockets = sockets;
    this.#openPipe = openPipe;
  }

  start(settings: SpawnSettings): StartedChild {
    const addon = loadAddon();
    const descriptors = Int32Array.from(descriptorPairs(settings));
    const result = new Int32Array(2);
    try {
      addon.spawnProcess(
        textOf(settings),
        settingsOf(settings),
        Float64Array.of(settings.uid ?? -1, settings.gid ?? -1, ...(settings.groups ?? [])),
        descriptors,
        Float64Array.from(limitPairs(settings)),
        result,
      );
    } catch (error) {
      throw asSystemError(error);
    }
    const [pid, exit] = result as unknown as [number, number];
    const pipes = this.#pipesOf(pid, settings, descriptors);
    return new NativeChild(this.#sockets, addon, pid, exit, pipes);
  }

  #pipesOf(pid: number, settings: SpawnSettings, descriptors: Int32Array): NativeChildPipe[] {
    const named = (fd: number, number: number, direction: ChildPipe['direction']) => {
      const name = `${settings.executable}[${pid}] fd ${number}`;
      const pipe = { fd, direction, takeOver: true, name };
      return new NativeChildPipe(this.#sockets.loop, this.#openPipe, number, pipe);
    };
    if (settings.terminal !== undefined) return [named(descriptors[1] as number, STDOUT, 'both')];
    return settings.descriptors.flatMap(([number, source], at) => {
      const fd = descriptors[at * 2 + 1] as number;
      if (source === 'r') return [named(fd, number, 'read')];
      return source === 'w' ? [named(fd, number, 'write')] : [];
    });
  }
}

class NativeChildPipe implements ChildPipe {
  readonly number: number;
  readonly #loop: NativeLoop;
  readonly #openPipe: OpenPipe;
  readonly #settings: PipeSettings;
  #transport: StreamTransport | undefined = undefined;
  #discarded = false;

  constructor(loop: NativeLoop, openPipe: OpenPipe, number: number, settings: PipeSettings) {
    this.#loop = loop;
    this.#openPipe = openPipe;
    this.number = number;
    this.#settings = settings;
  }

  get direction(): ChildPipe['direction'] {
    return this.#settings.direction;
  }

  /** -1 once it is closed: the number may then belong to another descriptor. */
  fileno(): number {
    return this.#transport?.fileno() ?? -1;
  }

  open(owner: StreamOwner): StreamTransport {
    this.#transport = this.#openPipe(this.#settings, owner);
    return this.#transport;
  }

  discard(): void {
    if (this.#transport !== undefined || this.#discarded) return;
    this.#discarded = true;
    this.#loop.closeDescriptor(this.#settings.fd);
  }
}

/** Its descriptor becomes readable when the process has exited. */
class NativeChild implements StartedChild, NativeSocket {
  readonly pid: number;
  readonly pipes: readonly NativeChildPipe[];
  handle = 0;
  readonly #sockets: NativeSockets;
  readonly #addon: Addon;
  readonly #exit: number;
  #released = false;
  #exited: ExitListener = () => {};

  /** @param exit Belongs to the addon. */
  constructor(
    sockets: NativeSockets,
    addon: Addon,
    pid: number,
    exit: number,
    pipes: readonly NativeChildPipe[],
  ) {
    this.#sockets = sockets;
    this.#addon = addon;
    this.pid = pid;
    this.#exit = exit;
    this.pipes = pipes;
  }

  onExit(exited: ExitListener): void {
    this.#exited = exited;
    try {
      this.handle = this.#sockets.loop.watch(this.#exit, INTEREST_READ);
    } catch (error) {
      throw asSystemError(error);
    }
    this.#sockets.add(this);
  }

  nativeEvent(): void {
    const result = new Int32Array(2);
    try {
      if (!this.#addon.reapProcess(this.pid, result)) return;
    } catch {
      // Other code of this program has reaped it, and knows its status.
      result.set([-1, 0]);
    }
    this.#release(true);
    this.#exited(result[0] as number, result[1] as number);
  }

  signal(signal: number): void {
    process.kill(this.pid, signal);
  }

  abandon(): void {
    this.#release(false);
  }

  getTerminalSize(): Required<TerminalSize> {
    const size = new Int32Array(4);
    this.#terminal('getTerminalSize', (fd) => this.#addon.terminalSize(fd, size));
    const [columns, rows, pixelWidth, pixelHeight] = size as unknown as [
      number,
      number,
      number,
      number,
    ];
    return { columns, rows, pixelWidth, pixelHeight };
  }

  setTerminalSize({ columns, rows, pixelWidth, pixelHeight }: Required<TerminalSize>): void {
    const size = Int32Array.of(columns, rows, pixelWidth, pixelHeight);
    this.#terminal('setTerminalSize', (fd) => this.#addon.setTerminalSize(fd, size));
  }

  #terminal(method: string, act: (fd: number) => void): void {
    const pipe = this.pipes.find(({ direction }) => direction === 'both');
    if (pipe === undefined) throw new UnsupportedError(method, 'the process has no terminal');
    const fd = pipe.fileno();
    if (fd < 0) throw new ProcessExitedAlreadyError();
    try {
      act(fd);
    } catch (error) {
      throw asSystemError(error);
    }
  }

  #release(reaped: boolean): void {
    if (this.#released) return;
    this.#released = true;
    if (this.handle !== 0) {
      this.#sockets.loop.close(this.handle);
      this.#sockets.forget(this.handle);
    }
    this.#addon.releaseProcess(this.pid, reaped);
  }
}

function textOf(settings: SpawnSettings): Buffer {
  const { argv, env, cwd } = settings;
  const texts = [...candidates(settings.executable, env), ...argv, ...env];
  if (cwd !== undefined) texts.push(cwd);
  return Buffer.from(`${texts.join('\0')}\0`);
}

/** In the order of `Setting` in native/binding_process.cc. */
function settingsOf(settings: SpawnSettings): Int32Array {
  const { executable, argv, env, cwd, session, processGroup, umask, terminal } = settings;
  const mode = terminal?.raw ? 2 : 1;
  return Int32Array.of(
    candidates(executable, env).length,
    argv.length,
    env.length,
    cwd === undefined ? 0 : 1,
    session ? 1 : 0,
    processGroup ?? -1,
    umask ?? -1,
    terminal === undefined ? 0 : mode,
    terminal?.size.columns ?? 0,
    terminal?.size.rows ?? 0,
    terminal?.size.pixelWidth ?? 0,
    terminal?.size.pixelHeight ?? 0,
    settings.groups === undefined ? 0 : 1,
  );
}

function descriptorPairs({ terminal, descriptors }: SpawnSettings): number[] {
  if (terminal !== undefined) return [0, 1, 2].flatMap((number) => [number, TERMINAL_END]);
  return descriptors.flatMap(([number, source]) => [number, nativeSource(source)]);
}

function nativeSource(source: DescriptorSource): number {
  if (source === 'r') return PARENT_READS;
  if (source === 'w') return PARENT_WRITES;
  return source === 'ignore' ? NULL_DEVICE : source;
}

function limitPairs({ limits }: SpawnSettings): number[] {
  return RESOURCES.flatMap((name, index) => {
    const value = limits[name];
    return value === undefined ? [] : [index, value];
  });
}

/** A reactor with manual time whose processes are made up. */
import {
  type DelayedCall,
  type ProcessClosed,
  ProcessDone,
  ProcessExitedAlreadyError,
  type ProcessProtocol,
  ProcessTerminated,
  type ProcessTransport,
  type SpawnOptions,
} from '../../src/index.js';
import type { ProcessReactor } from '../../src/process/index.js';
import { ManualClock } from '../../src/testing/index.js';

/** One that was started. */
export class FakeProcess {
  readonly executable: string;
  readonly options: SpawnOptions;
  readonly signals: string[] = [];
  closed = false;
  pid: number | undefined;
  readonly #protocol: ProcessProtocol;

  constructor(protocol: ProcessProtocol, executable: string, options: SpawnOptions, pid: number) {
    this.#protocol = protocol;
    this.executable = executable;
    this.options = options;
    this.pid = pid;
  }

  signalProcess(signal: string, { group = false } = {}): void {
    if (this.pid === undefined) throw new ProcessExitedAlreadyError();
    this.signals.push(group ? `${signal} to the group` : signal);
  }

  loseConnection(): void {
    this.closed = true;
  }

  write(number: 1 | 2, text: string): void {
    this.#protocol.childDataReceived(number, Buffer.from(text));
  }

  exit(reason: ProcessClosed): void {
    this.pid = undefined;
    this.#protocol.processExited(reason);
  }

  /** Exits, and its pipes are closed. */
  end(codeOrSignal: number | string = 0): void {
    const signal = typeof codeOrSignal === 'string' ? codeOrSignal : undefined;
    const code = typeof codeOrSignal === 'number' ? codeOrSignal : undefined;
    const reason = codeOrSignal === 0 ? new ProcessDone() : new ProcessTerminated(code, signal);
    this.exit(reason);
    this.#protocol.childConnectionLost(1);
    this.#protocol.childConnectionLost(2);
    this.#protocol.processEnded(reason);
  }
}

export class FakeProcesses extends ManualClock implements ProcessReactor {
  readonly started: FakeProcess[] = [];
  /** Thrown instead of starting a process. */
  refusal: Error | undefined = undefined;

  spawnProcess(protocol: never, executable: string, options: SpawnOptions = {}): ProcessTransport {
    if (this.refusal !== undefined) throw this.refusal;
    const receiver = protocol as ProcessProtocol;
    const process = new FakeProcess(receiver, executable, options, 100 + this.started.length);
    this.started.push(process);
    receiver.makeConnection(process as unknown as ProcessTransport);
    return process as unknown as ProcessTransport;
  }

  /** The latest one. */
  get last(): FakeProcess {
    return this.started.at(-1) as FakeProcess;
  }

  get calls(): DelayedCall[] {
    return this.getDelayedCalls();
  }
}

/**
 * A child process: its pipes, its exit, and the calls into its protocol.
 *
 *     running --exit--> exited --last pipe closed--> ended
 *        \------pipes closed, then exit---------------^
 *        \------the reactor stops: abandoned----------^
 */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import type { SystemError } from '../../core/errors/base.js';
import {
  ProcessAbandoned,
  type ProcessClosed,
  ProcessDone,
  ProcessExitedAlreadyError,
  ProcessTerminated,
} from '../../core/errors/processes.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { toFactory } from '../../core/factory.js';
import type { ProcessReceiver, ProcessTransport, SignalOptions } from '../../core/process.js';
import type { PullProducer, PushProducer } from '../../core/producer.js';
import type { TerminalSize } from '../../core/terminal-size.js';
import type { Transport } from '../../core/transport.js';
import { onRejection } from '../../defer/callback-result.js';
import { type AsyncContext, callIn, captureContext } from '../../internal/async-context.js';
import { checkBoolean, checkData } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { signalName, signalNumber } from '../../internal/signals.js';
import { AdoptedOwner } from '../adoption/adopted-owner.js';
import type { StreamReactor } from '../streams/stream-reactor.js';
import { ChildPipeProtocol } from './child-pipe-protocol.js';
import type { ChildPipe, StartedChild } from './child-processes.js';
import { type SpawnSettings, terminalSize } from './spawn-settings.js';

const SIGNAL_OPTIONS: OptionNames<SignalOptions> = { group: true };
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

interface Pipe {
  readonly transport: Transport;
  readonly direction: ChildPipe['direction'];
}

type Callback = Exclude<keyof ProcessReceiver, 'acceptsLentBytes'>;

export class ChildProcess implements ProcessTransport {
  readonly executable: string;
  readonly #reactor: StreamReactor;
  readonly #child: StartedChild;
  readonly #receiver: ProcessReceiver;
  readonly #context: AsyncContext = captureContext();
  readonly #leadsGroup: boolean;
  readonly #hasTerminal: boolean;
  readonly #ended: (process: ChildProcess) => void;
  /** All pipes, also those that are closed. */
  readonly #pipes = new Map<number, Pipe>();
  #openPipes = 0;
  #reason: ProcessClosed | undefined = undefined;
  #finished = false;

  /** @param ended Called when the process is no longer to be kept. */
  constructor(
    reactor: StreamReactor,
    child: StartedChild,
    settings: SpawnSettings,
    receiver: ProcessReceiver,
    ended: (process: ChildProcess) => void,
  ) {
    this.executable = settings.executable;
    this.#reactor = reactor;
    this.#child = child;
    this.#receiver = receiver;
    this.#leadsGroup = settings.session || settings.processGroup === 0;
    this.#hasTerminal = settings.terminal !== undefined;
    this.#ended = ended;
  }

  /** Opens the pipes, waits for the exit, and connects the protocol. @throws SystemError no more is called */
  start(): void {
    try {
      for (const pipe of this.#child.pipes) this.#open(pipe);
      this.#child.onExit((exitCode, signal) => this.#exited(exitReason(exitCode, signal)));
    } catch (error) {
      this.#finished = true;
      for (const { transport } of this.#pipes.values()) transport.abortConnection();
      throw error;
    }
    this.#call('makeConnection', () => this.loseConnection(), this);
  }

  get pid(): number | undefined {
    return this.#reason === undefined ? this.#child.pid : undefined;
  }

  get bufferedBytes(): number {
    return this.#stdin?.bufferedBytes ?? 0;
  }

  write(data: Uint8Array | string): void {
    if (this.#stdin === undefined) checkData(data);
    else this.#stdin.write(data);
  }

  writeSequence(parts: Iterable<Uint8Array | string>): void {
    const all = [...parts];
    for (const part of all) checkData(part);
    this.#stdin?.writeSequence(all);
  }

  writeToChild(number: number, data: Uint8Array | string): void {
    const { transport, direction } = this.#pipe(number);
    if (direction === 'read') {
      const expected = 'a descriptor that the parent writes to';
      throw new InvalidArgumentValueError('number', expected, number);
    }
    transport.write(data);
  }

  closeStdin(): void {
    if (this.#hasTerminal) {
      const advice = 'write its end-of-file character, usually \\x04, or close the whole terminal';
      throw new UnsupportedError('closeStdin', `a terminal cannot end one direction: ${advice}`);
    }
    this.#pipes.get(STDIN)?.transport.loseConnection();
  }

  closeStdout(): void {
    this.#pipes.get(STDOUT)?.transport.loseConnection();
  }

  closeStderr(): void {
    this.#pipes.get(STDERR)?.transport.loseConnection();
  }

  closeChildDescriptor(number: number): void {
    this.#pipe(number).transport.loseConnection();
  }

  pipe(number: number): Transport | undefined {
    return this.#pipes.get(number)?.transport;
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    const stdin = this.#stdin;
    if (stdin === undefined) producer.stopProducing();
    else if (streaming) stdin.registerProducer(producer as PushProducer, true);
    else stdin.registerProducer(producer, false);
  }

  unregisterProducer(): void {
    this.#stdin?.unregisterProducer();
  }

  pauseProducing(): void {
    for (const { transport, direction } of this.#pipes.values()) {
      if (direction !== 'write') transport.pauseProducing();
    }
  }

  resumeProducing(): void {
    for (const { transport, direction } of this.#pipes.values()) {
      if (direction !== 'write') transport.resumeProducing();
    }
  }

  stopProducing(): void {
    this.loseConnection();
  }

  loseConnection(): void {
    for (const { transport } of this.#pipes.values()) transport.loseConnection();
  }

  signalProcess(signal: NodeJS.Signals | number, options: SignalOptions = {}): void {
    checkOptions('signalProcess', options, SIGNAL_OPTIONS);
    const group = checkBoolean('group', options.group ?? false);
    const number = signalNumber(signal);
    if (group && !this.#leadsGroup) {
      const hint = "start the process with processGroup: 'new', session or pty";
      throw new InvalidArgumentValueError('group', 'false', true, hint);
    }
    if (this.#reason !== undefined) throw new ProcessExitedAlreadyError();
    try {
      if (group) process.kill(-this.#child.pid, number);
      else this.#child.signal(number);
    } catch (error) {
      // It has been reaped, which `processExited` is about to report.
      if ((error as SystemError).code !== 'ESRCH') throw error;
      throw new ProcessExitedAlreadyError();
    }
  }

  getTerminalSize(): Required<TerminalSize> {
    this.#checkTerminal('getTerminalSize');
    return this.#child.getTerminalSize();
  }

  setTerminalSize(size: TerminalSize): void {
    const checked = terminalSize(size);
    this.#checkTerminal('setTerminalSize');
    this.#child.setTerminalSize(checked);
  }

  /** The reactor stops: nothing waits for the process any more. Its pipes are closed already. */
  abandon(): void {
    if (this.#reason !== undefined) return;
    this.#child.abandon();
    this.#exited(new ProcessAbandoned());
  }

  #open(pipe: ChildPipe): void {
    const { number, direction } = pipe;
    const receives = direction !== 'write';
    const protocol = new ChildPipeProtocol(number, receives, this.#receiver, this.#pipeLost);
    const owner = new AdoptedOwner(
      this.#reactor,
      toFactory(() => protocol),
    );
    const transport = owner.start((each) => pipe.open(each), undefined) as Transport;
    this.#openPipes += 1;
    this.#pipes.set(number, { transport, direction });
  }

  get #stdin(): Transport | undefined {
    return this.#pipes.get(this.#hasTerminal ? STDOUT : STDIN)?.transport;
  }

  #pipe(number: number): Pipe {
    const pipe = this.#pipes.get(number);
    if (pipe !== undefined) return pipe;
    throw new InvalidArgumentValueError('number', 'a descriptor with a pipe', number);
  }

  #checkTerminal(method: string): void {
    if (!this.#hasTerminal)
      throw new UnsupportedError(method, 'the process has no terminal: start it with pty');
    if (this.#openPipes === 0) throw new ProcessExitedAlreadyError();
  }

  readonly #pipeLost = ({ number }: ChildPipeProtocol): void => {
    if (this.#finished) return;
    this.#openPipes -= 1;
    if (!this.#hasTerminal) this.#call('childConnectionLost', undefined, number);
    this.#endIfDone();
  };

  #exited(reason: ProcessClosed): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#call('processExited', undefined, reason);
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#finished || this.#reason === undefined || this.#openPipes > 0) return;
    this.#finished = true;
    this.#ended(this);
    this.#call('processEnded', undefined, this.#reason);
  }

  /** @param failed Called if the callback throws or rejects, after that was reported. */
  #call<M extends Callback>(
    name: M,
    failed: (() => void) | undefined,
    ...args: Parameters<ProcessReceiver[M]>
  ): void {
    const fail = (error: unknown): void => {
      this.#reactor.report(error, name === 'makeConnection' ? 'connectionMade' : name);
      failed?.();
    };
    try {
      const callback = this.#receiver[name] as (...args: unknown[]) => unknown;
      const result = callIn(this.#context, this.#receiver, callback, ...args);
      if (result !== undefined) onRejection(result, fail);
    } catch (error) {
      fail(error);
    }
  }

  toString(): string {
    const state = this.#reason === undefined ? `process ${this.#child.pid}` : 'exited';
    return `<child process ${this.executable}, ${state}>`;
  }
}

showAsText(ChildProcess);

function exitReason(exitCode: number, signal: number): ProcessClosed {
  if (exitCode === 0) return new ProcessDone();
  return new ProcessTerminated(
    exitCode < 0 ? undefined : exitCode,
    signal === 0 ? undefined : signalName(signal),
  );
}

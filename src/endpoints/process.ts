/** A program as a client endpoint: its standard input and output are the connection. */
import { type Address, PipeAddress } from '../core/address.js';
import { CONNECTION_DONE } from '../core/errors/connection.js';
import {
  type ProcessClosed,
  ProcessDone,
  ProcessExitedAlreadyError,
} from '../core/errors/processes.js';
import { builtProtocol, type FactoryLike, toFactory } from '../core/factory.js';
import type { ProcessReceiver, ProcessTransport } from '../core/process.js';
import type { ReactorProcesses } from '../core/reactor-processes.js';
import type { SpawnOptions } from '../core/spawn-options.js';
import type { ProtocolOf, StreamClientEndpoint } from '../core/stream-endpoint.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';
import { checkChoice, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { PROGRAM_OPTIONS, type ProgramOptions } from '../internal/program-options.js';
import { showAsText } from '../internal/shown-as-text.js';
import { StandardIO } from '../stdio/standard-io.js';
import { NoProtocolError } from './errors.js';

export interface ProcessEndpointOptions extends ProgramOptions {
  /** The standard error output: that of this process, or the null device. Default `inherit`. */
  readonly stderr?: 'inherit' | 'ignore';
}

const OPTIONS: OptionNames<ProcessEndpointOptions> = {
  ...PROGRAM_OPTIONS,
  stderr: true,
};
const STDERR = 2;

/**
 * Runs a program for each connection. `write` writes to its standard input, and its standard output is received. Its output or input may
 * end before the other, as with a half-closed socket. `connectionLost` follows when it has exited: with a ConnectionDone if the exit code is
 * 0, otherwise with the ProcessTerminated. `abortConnection` kills it.
 */
export class ProcessEndpoint implements StreamClientEndpoint {
  readonly executable: string;
  readonly #reactor: ReactorProcesses;
  readonly #options: SpawnOptions;

  /**
   * @param options As for `spawnProcess`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(reactor: ReactorProcesses, executable: string, options: ProcessEndpointOptions = {}) {
    checkOptions('ProcessEndpoint', options, OPTIONS);
    this.executable = checkString('executable', executable);
    const { stderr = 'inherit', ...spawning } = options;
    const inherits = checkChoice('stderr', stderr, ['inherit', 'ignore']) === 'inherit';
    this.#reactor = reactor;
    this.#options = {
      ...spawning,
      childDescriptors: { 0: 'w', 1: 'r', 2: inherits ? STDERR : 'ignore' },
    };
  }

  /** Also fails with a SpawnError. */
  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    const checked = toFactory(factory);
    const connected = new Deferred<StreamProtocol>();
    checked.doStart();
    try {
      const address = new PipeAddress(this.executable);
      const protocol = builtProtocol(checked, address);
      if (protocol === null) {
        const destination = { host: this.executable, port: 0 };
        throw new NoProtocolError('the factory built no protocol', destination);
      }
      const connection = new ProcessConnection(protocol, address, () => checked.doStop());
      this.#reactor.spawnProcess(connection.receiver, this.executable, this.#options);
      if (connection.failure === undefined) connected.callback(protocol);
      else connected.errback(connection.failure);
    } catch (error) {
      checked.doStop();
      connected.errback(error);
    }
    return connected as Deferred<unknown> as Deferred<ProtocolOf<F>>;
  }

  toString(): string {
    return `<process client endpoint ${this.executable}>`;
  }
}

/** The standard input and output of a process, as a transport. */
class ProcessConnection extends StandardIO {
  readonly #address: PipeAddress;
  #process: ProcessTransport | undefined = undefined;
  /** The error of the protocol's `connectionMade`. */
  failure: unknown;

  constructor(protocol: StreamProtocol, address: PipeAddress, finished: () => void) {
    super(protocol, finished);
    this.#address = address;
  }

  readonly receiver: ProcessReceiver = {
    makeConnection: (process: ProcessTransport): void => {
      this.#process = process;
      this.start(process.pipe(1) as Transport, process.pipe(0) as Transport);
    },
    childDataReceived: (_number: number, data: Buffer): unknown => this.dataReceived(data),
    childConnectionLost: (number: number): unknown =>
      number === 1 ? this.inputEnded() : this.outputEnded(),
    processExited: (): void => {},
    processEnded: (reason: ProcessClosed): unknown =>
      this.socketLost(reason instanceof ProcessDone ? CONNECTION_DONE : reason),
  };

  override getPeer(): Address {
    return this.#address;
  }

  override getHost(): Address {
    return this.#address;
  }

  override abortConnection(): void {
    super.abortConnection();
    try {
      this.#process?.signalProcess('SIGKILL');
    } catch (error) {
      if (!(error instanceof ProcessExitedAlreadyError)) throw error;
    }
  }

  override fail(error: unknown, where: string): void {
    if (where === 'connectionMade') this.failure = error;
    super.fail(error, where);
  }

  override toString(): string {
    return `<standard input and output of ${this.#address}>`;
  }
}

showAsText(ProcessEndpoint, ProcessConnection);

/**
 * Standard input and output as one transport. The two are pipes, files, terminals or sockets, each with a transport of the reactor,
 * or one socket (inetd), which has one transport.
 */
import { type Address, PipeAddress } from '../core/address.js';
import { CONNECTION_DONE, ConnectionAborted, ConnectionDone } from '../core/errors/connection.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { TerminalSize } from '../core/terminal-size.js';
import type { StartTLSOptions } from '../core/tls.js';
import type { PipeTransport, TLSContext, Transport } from '../core/transport.js';
import { failOnRejection } from '../defer/callback-result.js';
import { showAsText } from '../internal/shown-as-text.js';
import type { StdioTransport } from './stdio-transport.js';

/** Both addresses of standard input and output. */
export const STDIO_ADDRESS: PipeAddress = new PipeAddress('standard input and output');

type State = 'open' | 'closing' | 'closed';

export class StandardIO implements StdioTransport {
  readonly #protocol: StreamProtocol;
  #input: Transport | undefined;
  #output: Transport | undefined;
  #state: State = 'open';
  /** The first reason of an unclean end. */
  #reason: Error | undefined = undefined;
  /** `loseWriteConnection` was called. */
  #outputEnds = false;
  readonly #finished: () => void;

  /** @param finished Called before `connectionLost`. */
  constructor(protocol: StreamProtocol, finished: () => void) {
    this.#protocol = protocol;
    this.#finished = finished;
  }

  /** @internal Of the protocol that reads standard input; of both if that is a socket. */
  get acceptsLentBytes(): boolean {
    return this.#protocol.acceptsLentBytes === true;
  }

  /** @internal */
  start(input: Transport, output: Transport): void {
    this.#input = input;
    this.#output = output;
    try {
      const result: unknown = this.#protocol.makeConnection(this);
      if (result !== undefined) failOnRejection(result, this, 'connectionMade');
    } catch (error) {
      this.fail(error, 'connectionMade');
    }
  }

  /** @internal One of the two cannot be opened: the protocol is never connected. */
  discard(): void {
    this.#state = 'closed';
  }

  get connected(): boolean {
    return this.#state !== 'closed';
  }

  get disconnecting(): boolean {
    return this.#state === 'closing';
  }

  get bufferedBytes(): number {
    return this.#output?.bufferedBytes ?? 0;
  }

  get tls(): undefined {
    return undefined;
  }

  get isTerminal(): boolean {
    return pipeOf(this.#input)?.isTerminal === true;
  }

  getTerminalSize(): TerminalSize | undefined {
    return pipeOf(this.#output)?.getTerminalSize() ?? pipeOf(this.#input)?.getTerminalSize();
  }

  setRawMode(enabled: boolean): void {
    const input = pipeOf(this.#input);
    if (input !== undefined) input.setRawMode(enabled);
    else if (this.#state === 'open') {
      throw new UnsupportedError('setRawMode', 'standard input is not a terminal');
    }
  }

  getPeer(): Address {
    return this.#isOne ? (this.#input as Transport).getPeer() : STDIO_ADDRESS;
  }

  getHost(): Address {
    return this.#isOne ? (this.#input as Transport).getHost() : STDIO_ADDRESS;
  }

  write(data: Uint8Array | string): void {
    this.#output?.write(data);
  }

  writeSequence(parts: Iterable<Uint8Array | string>): void {
    this.#output?.writeSequence(parts);
  }

  loseConnection(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#input?.loseConnection();
    this.#output?.loseConnection();
  }

  loseWriteConnection(): void {
    if (this.#state !== 'open') return;
    this.#outputEnds = true;
    if (this.#isOne) this.#output?.loseWriteConnection();
    else this.#output?.loseConnection();
  }

  abortConnection(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closing';
    this.#reason ??= new ConnectionAborted();
    this.#input?.abortConnection();
    this.#output?.abortConnection();
  }

  stopProducing(): void {
    this.loseConnection();
  }

  pauseProducing(): void {
    this.#input?.pauseProducing();
  }

  resumeProducing(): void {
    if (this.#state === 'open') this.#input?.resumeProducing();
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    const output = this.#output;
    if (output === undefined) producer.stopProducing();
    else if (streaming) output.registerProducer(producer as PushProducer, true);
    else output.registerProducer(producer, false);
  }

  unregisterProducer(): void {
    this.#output?.unregisterProducer();
  }

  startTLS(_context: TLSContext, _options?: StartTLSOptions): never {
    throw new UnsupportedError('startTLS', 'standard input and output are two transports');
  }

  /** @internal */
  fail(error: unknown, where: string): void {
    const side = this.#output ?? this.#input;
    side?.fail?.(error, where);
  }

  /** @internal */
  dataReceived(data: Buffer): unknown {
    return this.#state === 'open' ? this.#protocol.dataReceived(data) : undefined;
  }

  /** @internal The input has ended. */
  inputEnded(): unknown {
    if (this.#state !== 'open') return undefined;
    if (this.#protocol.readConnectionLost !== undefined) return this.#protocol.readConnectionLost();
    return this.loseConnection();
  }

  /** @internal The output was closed by `loseWriteConnection`, or its reader is gone. */
  outputEnded(): unknown {
    return this.#state === 'open' ? this.#protocol.writeConnectionLost?.() : undefined;
  }

  /** @internal */
  inputLost(reason: Error): unknown {
    this.#input = undefined;
    const clean = reason instanceof ConnectionDone;
    const result = clean ? this.inputEnded() : undefined;
    if (!clean) this.#endWith(reason);
    return this.#finishIfGone() ?? result;
  }

  /** @internal A protocol that can be half-closed may read on. */
  outputLost(reason: Error): unknown {
    this.#output = undefined;
    const gone = reason instanceof ConnectionDone || isBroken(reason);
    const survives = this.#outputEnds || (gone && this.#protocol.writeConnectionLost !== undefined);
    const result = survives ? this.outputEnded() : undefined;
    if (!survives) this.#endWith(reason);
    return this.#finishIfGone() ?? result;
  }

  /** @internal The socket that is both is gone. */
  socketLost(reason: Error): unknown {
    this.#input = this.#output = undefined;
    if (!(reason instanceof ConnectionDone)) this.#reason ??= reason;
    return this.#finishIfGone();
  }

  get #isOne(): boolean {
    return this.#input !== undefined && this.#input === this.#output;
  }

  /** Unsent bytes are still sent. */
  #endWith(reason: Error): void {
    if (this.#state === 'open' && !(reason instanceof ConnectionDone)) this.#reason ??= reason;
    this.loseConnection();
  }

  #finishIfGone(): unknown {
    if (this.#input !== undefined || this.#output !== undefined || this.#state === 'closed') {
      return undefined;
    }
    this.#state = 'closed';
    this.#finished();
    return this.#protocol.connectionLost(this.#reason ?? CONNECTION_DONE);
  }

  toString(): string {
    return `<standard input and output, ${this.connected ? this.#state : 'closed'}>`;
  }
}

showAsText(StandardIO);

function pipeOf(transport: Transport | undefined): PipeTransport | undefined {
  return transport !== undefined && 'setRawMode' in transport
    ? (transport as PipeTransport)
    : undefined;
}

/** The reader of the output is gone. */
function isBroken({ cause }: Error): boolean {
  return (cause as { code?: string } | undefined)?.code === 'EPIPE';
}

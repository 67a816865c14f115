/** `ropewalk talk`: an interactive client for servers that speak lines of text; a small `nc`. */
import type { Readable, Writable } from 'node:stream';

import type { DelayedCall } from '../core/clock.js';
import { DatagramProtocol } from '../core/datagram.js';
import { ConnectionDone } from '../core/errors/connection.js';
import { AddonNotLoadedError } from '../core/errors/reactor.js';
import { ClientFactory } from '../core/factory.js';
import { Protocol } from '../core/protocol.js';
import type { Reactor } from '../core/reactor.js';
import { LineDecoder } from '../framing/line-decoder.js';
import { createReactor } from '../reactor/create-reactor.js';
import { PrintableText } from './printable-text.js';
import { environmentReactor, type ReactorChoice } from './reactor-choice.js';
import { parseTalkOptions, TALK_USAGE, type TalkTarget } from './talk-options.js';
import { UsageError } from './usage-error.js';

const ENDED = 0;
const FAILED = 1;
/** Errors of a host or a path that cannot be one. */
const WRONG_TARGETS: readonly unknown[] = [
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_INVALID_HOST_NAME',
];
/** UDP: how long to wait for answers after the end of the input. */
const LAST_ANSWER_MS = 1000;
/** UDP: the longest that IPv4 or IPv6 can carry. */
const MAX_DATAGRAM_BYTES = 65_527;

/**
 * Talks until the connection ends.
 * @returns The exit code.
 * @throws UsageError
 */
export async function runTalk(args: readonly string[]): Promise<number> {
  const target = parseTalkOptions(args);
  if (target === undefined) {
    process.stdout.write(TALK_USAGE);
    return ENDED;
  }
  const kind = environmentReactor(process.env.ROPEWALK_REACTOR);
  const failure = await talkTo(target, kind);
  if (failure === undefined) return ENDED;
  if (WRONG_TARGETS.includes((failure as { code?: unknown }).code)) {
    throw new UsageError(failure.message);
  }
  process.stderr.write(`ropewalk: ${failure.message.split('\n', 1)[0]}\n`);
  return FAILED;
}

/** @returns Why it failed, if it did. */
async function talkTo(target: TalkTarget, kind: ReactorChoice): Promise<Error | undefined> {
  let reactor: Reactor;
  try {
    reactor = createReactor({ kind });
  } catch (error) {
    if (error instanceof AddonNotLoadedError) return error;
    throw error;
  }
  return await new Talk(reactor, process.stdin, process.stdout).run(target);
}

/** One run: its input, its output, and its end. */
class Talk {
  readonly reactor: Reactor;
  readonly input: Readable;
  readonly #output: Writable;
  /** Of a terminal; a file or pipe is given the bytes as they are. */
  readonly #printable: PrintableText | undefined;
  #ending = false;
  #failure: Error | undefined;

  constructor(reactor: Reactor, input: Readable, output: Writable & { isTTY?: boolean }) {
    this.reactor = reactor;
    this.input = input;
    this.#output = output;
    this.#printable = output.isTTY ? new PrintableText() : undefined;
  }

  /** Settles when the conversation has ended or a signal has stopped it: with an error if it failed. */
  async run(target: TalkTarget): Promise<Error | undefined> {
    const { reactor } = this;
    this.#output.on('error', () => this.finish()); // its reader has closed it
    reactor.addSystemEventTrigger('before', 'shutdown', () => {
      this.#ending = true;
    });
    reactor.callWhenRunning(() => {
      try {
        this.#begin(target);
      } catch (error) {
        this.finish(error as Error);
      }
    });
    try {
      await reactor.run();
    } finally {
      this.input.destroy(); // a terminal would keep the process alive
    }
    return this.#failure;
  }

  /** @param taken Called when the output takes more, if it does not now. @returns Whether it does. */
  print(data: Buffer, taken?: () => void): boolean {
    const takesMore = this.#output.write(this.#printable?.receive(data) ?? data);
    if (!takesMore && taken !== undefined) this.#output.once('drain', taken);
    return takesMore;
  }

  finish(failure?: Error): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#failure = failure;
    this.reactor.stop();
  }

  #begin(target: TalkTarget): void {
    if (target.kind === 'udp') {
      this.#beginDatagrams(target.host, target.port);
      return;
    }
    const factory = new ClientFactory();
    factory.buildProtocol = () => new StreamTalk(this);
    factory.clientConnectionFailed = (_connector, reason) => this.finish(reason);
    factory.clientConnectionLost = (_connector, reason) =>
      this.finish(reason instanceof ConnectionDone ? undefined : reason);
    if (target.kind === 'unix') this.reactor.connectUNIX(target.path, factory);
    else this.reactor.connectTCP(target.host, target.port, factory);
  }

  #beginDatagrams(host: string, port: number): void {
    this.reactor.nameResolver.resolveHostName(host).addCallbacks(
      ([found]) => {
        if (found === undefined || this.#ending) return;
        const anyAddress = found.family === 'IPv6' ? '::' : '0.0.0.0';
        const protocol = new DatagramTalk(this, found.address, port);
        this.reactor.listenUDP(0, protocol, { interface: anyAddress });
      },
      (reason) => this.finish(reason.value),
    );
  }
}

function greet(peer: string): void {
  if (process.stdin.isTTY && process.stderr.isTTY) {
    process.stderr.write(`connected to ${peer}; Ctrl-D ends the input, Ctrl-C stops\n`);
  }
}

/** Sends the input no faster than the server reads, and receives no faster than the output takes it. */
class StreamTalk extends Protocol {
  override readonly acceptsLentBytes = false; // the output keeps them until they are written
  readonly #talk: Talk;

  constructor(talk: Talk) {
    super();
    this.#talk = talk;
  }

  override connectionMade(): void {
    const { transport } = this;
    const { input } = this.#talk;
    greet(String(transport.getPeer()));
    const pauseProducing = () => input.pause();
    const resumeProducing = () => input.resume();
    const stopProducing = () => input.destroy();
    transport.registerProducer({ pauseProducing, resumeProducing, stopProducing }, true);
    input.on('data', (data: Buffer) => transport.write(data));
    input.on('end', () => {
      transport.unregisterProducer();
      transport.loseWriteConnection();
    });
    input.on('error', () => transport.abortConnection());
  }

  override dataReceived(data: Buffer): void {
    const { transport } = this;
    if (!this.#talk.print(data, () => transport.resumeProducing())) transport.pauseProducing();
  }

  /** The server has finished sending: there is nothing left to wait for. */
  readConnectionLost(): void {
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }
}

/** Sends each line of the input as a datagram, and prints each datagram that is received on a line. */
class DatagramTalk extends DatagramProtocol {
  readonly #talk: Talk;
  readonly #address: string;
  readonly #port: number;
  #inputEnded = false;
  #end: DelayedCall | undefined;

  constructor(talk: Talk, address: string, port: number) {
    super();
    this.#talk = talk;
    this.#address = address;
    this.#port = port;
  }

  override startProtocol(): void {
    const lines = new LineDecoder({ maxLength: MAX_DATAGRAM_BYTES });
    const { transport } = this;
    const { input } = this.#talk;
    transport.connect(this.#address, this.#port);
    greet(`udp:${this.#address}:${this.#port}`);
    const sendLines = (bytes: Buffer): void => {
      try {
        lines.receive(bytes);
        for (let line = lines.next(); line !== undefined; line = lines.next())
          transport.write(line);
      } catch (error) {
        this.#talk.finish(error as Error); // a line that no datagram can hold
      }
    };
    input.on('data', sendLines);
    input.on('end', () => {
      if (lines.bufferedBytes > 0) sendLines(Buffer.from('\n'));
      this.#inputEnded = true;
      this.#endSoon();
    });
  }

  override datagramReceived(data: Buffer): void {
    this.#talk.print(data.at(-1) === 0x0a ? data : Buffer.concat([data, Buffer.from('\n')]));
    if (this.#inputEnded) this.#endSoon();
  }

  override connectionRefused(): void {
    this.#talk.finish(new Error(`nothing listens on UDP port ${this.#port} of ${this.#address}`));
  }

  #endSoon(): void {
    if (this.#end?.active()) this.#end.reset(LAST_ANSWER_MS);
    else this.#end = this.#talk.reactor.callLater(LAST_ANSWER_MS, () => this.#talk.finish());
  }
}

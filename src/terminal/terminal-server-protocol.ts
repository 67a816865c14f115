/** Serves an application to a terminal at the other end of a connection. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { Protocol } from '../core/protocol.js';
import { failConnection, failOnRejection } from '../defer/callback-result.js';
import { type Deliverer, Delivery } from '../framing/delivery.js';
import { checkClock, checkFunction, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { type KeyEvent, KeyParser } from './key-parser.js';
import type { TerminalProtocol } from './terminal-protocol.js';
import {
  checkTerminalSize,
  DEFAULT_TERMINAL_SIZE,
  ResizeLimiter,
  type ScreenSize,
} from './terminal-size.js';
import { TerminalTransport } from './terminal-transport.js';

export interface TerminalServerOptions {
  /** Measures the time behind ESC: a reactor. */
  readonly clock: Clock;
  /** ESC is a key by itself if nothing follows it for this time, in milliseconds. Default 50. */
  readonly escapeTimeoutMs?: number;
  /** The size until the terminal announces another one. Default 80 columns and 24 rows. */
  readonly size?: ScreenSize;
}

const OPTIONS: OptionNames<TerminalServerOptions> = {
  clock: true,
  escapeTimeoutMs: true,
  size: true,
};
const DEFAULT_ESCAPE_TIMEOUT_MS = 50;

/**
 * A protocol for any transport: a connection to a terminal in raw mode, such as the standard input and output, a socket behind
 * `socat -,raw,echo=0`, or a channel of telnet or SSH.
 *
 * A peer that does not read its output is not read either: see `appliesBackpressure` of `FrameReceiver`.
 */
export class TerminalServerProtocol extends Protocol implements Deliverer {
  override readonly acceptsLentBytes = true;
  readonly appliesBackpressure = true;
  readonly #createProtocol: () => TerminalProtocol;
  readonly #clock: Clock;
  readonly #escapeTimeoutMs: number;
  readonly #size: ScreenSize;
  readonly #parser: KeyParser = new KeyParser();
  readonly #sizes: ResizeLimiter;
  readonly #delivery: Delivery = new Delivery(this);
  #application: TerminalProtocol | undefined;
  #terminal: TerminalTransport | undefined;
  #escapeTimeout: DelayedCall | undefined;
  /** Nothing followed an ESC for some time. */
  #isLate = false;
  /** Keys were delivered since the last `inputProcessed`. */
  #hasDelivered = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(createProtocol: () => TerminalProtocol, options: TerminalServerOptions) {
    super();
    checkFunction('createProtocol', createProtocol);
    checkOptions('TerminalServerProtocol', options, OPTIONS);
    const { clock, escapeTimeoutMs = DEFAULT_ESCAPE_TIMEOUT_MS, size } = options;
    checkClock('clock', clock);
    this.#clock = clock;
    this.#escapeTimeoutMs = checkMilliseconds('escapeTimeoutMs', escapeTimeoutMs);
    this.#size = checkTerminalSize(size ?? DEFAULT_TERMINAL_SIZE);
    this.#createProtocol = createProtocol;
    this.#sizes = new ResizeLimiter(clock, (announced) => this.#resized(announced));
  }

  /** The application; undefined before `connectionMade`. */
  get application(): TerminalProtocol | undefined {
    return this.#application;
  }

  /**
   * Announces a size that arrived by other means than the terminal's own bytes. Sizes are clamped, and those that follow each other
   * quickly are reduced to the last one: see {@link ResizeLimiter}.
   */
  resize(size: ScreenSize): void {
    this.#sizes.resize(size);
  }

  override connectionMade(): void {
    this.#terminal = new TerminalTransport(this.transport, this.#parser, this.#size);
    this.#application = this.#createProtocol();
    this.#watch(this.#application.makeConnection(this.#terminal), 'connectionMade');
  }

  override dataReceived(data: Buffer): void {
    this.#stopTimeout();
    this.#parser.receive(data);
    this.#delivery.run();
    if (this.#parser.isUndecided && this.connected) {
      this.#escapeTimeout = this.#clock.callLater(this.#escapeTimeoutMs, () => {
        this.#isLate = true;
        this.#delivery.runFromElsewhere();
      });
    }
  }

  override connectionLost(reason: Error): void {
    this.#stopTimeout();
    this.#sizes.stop();
    this.#terminal?.connectionLost(reason);
    this.#watch(this.#application?.connectionLost(reason), 'connectionLost');
  }

  /** @internal */
  deliverNext(): boolean {
    const event = this.#parser.next() ?? (this.#isLate ? this.#parser.flush() : undefined);
    if (event !== undefined) {
      this.#hasDelivered ||= event !== 'size' && event !== 'position';
      this.#deliver(event);
      return true;
    }
    if (!this.#hasDelivered) return false;
    this.#hasDelivered = false;
    this.#watch(this.#application?.inputProcessed(), 'inputProcessed');
    return false;
  }

  /** @internal The parser keeps decoded text only. */
  keepRest(): void {}

  #deliver(event: KeyEvent): void {
    const parser = this.#parser;
    if (event === 'position') this.#terminal?.positionReceived(parser.position);
    else if (event === 'size') this.#sizes.resize(parser.size);
    else if (event === 'key') {
      this.#watch(this.#application?.keyReceived(parser.key), 'keyReceived');
    } else if (event === 'paste') {
      this.#watch(this.#application?.pasteReceived(parser.text), 'pasteReceived');
    } else {
      const result = this.#application?.unhandledControlSequence(parser.text);
      this.#watch(result, 'unhandledControlSequence');
    }
  }

  #resized(size: ScreenSize): void {
    if (this.#terminal === undefined) return;
    try {
      this.#terminal.resized(size);
      this.#watch(this.#application?.terminalSize(size), 'terminalSize');
      this.#watch(this.#application?.inputProcessed(), 'inputProcessed');
    } catch (error) {
      failConnection(this.transport, error, 'terminalSize');
    }
  }

  #watch(result: unknown, where: string): void {
    if (result !== undefined) failOnRejection(result, this.transport, where);
  }

  #stopTimeout(): void {
    if (this.#escapeTimeout?.active()) this.#escapeTimeout.cancel();
    this.#escapeTimeout = undefined;
    this.#isLate = false;
  }
}

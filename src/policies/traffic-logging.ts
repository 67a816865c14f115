/** Logs the traffic of a factory's connections: their opening and closing, and the bytes in both directions. */

import type { Address } from '../core/address.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { FactoryLike } from '../core/factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { textOf } from '../core/text-of.js';
import type { Transport } from '../core/transport.js';
import { callReported } from '../defer/callback-result.js';
import { checkFunction, checkInteger } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { hexDump } from './hex-dump.js';
import { ProtocolWrapper } from './protocol-wrapper.js';
import { WrappingFactory } from './wrapping-factory.js';

/** The number of bytes of one packet or write that are dumped; the rest is omitted. */
const DEFAULT_MAX_DUMP_BYTES = 256;

export type TrafficDirection = 'received' | 'sent';

export interface TrafficLoggingOptions {
  /** Receives each line, without a line end. An error that it throws is reported; the connection continues. */
  readonly log: (line: string) => void;
  /** The number of bytes of one packet or write that are dumped; 0 logs sizes only. Default 256. */
  readonly maxDumpBytes?: number;
  /**
   * Returns the bytes to dump instead of `data`, to keep secrets out of logs; null dumps nothing. Do not change `data`, which
   * holds the bytes of the connection. If it throws, nothing is dumped.
   */
  readonly redact?: (data: Uint8Array, direction: TrafficDirection) => Uint8Array | null;
}

/** {@link TrafficLoggingOptions}, checked. */
interface Settings {
  readonly log: (line: string) => void;
  readonly maxDumpBytes: number;
  readonly redact: TrafficLoggingOptions['redact'];
}

const OPTIONS: OptionNames<TrafficLoggingOptions> = { log: true, maxDumpBytes: true, redact: true };

/**
 * Numbers its connections from 1 and starts each line with the number of its connection.
 *
 * @example
 * reactor.listenTCP(25, new TrafficLoggingFactory(Mail, { log: console.log }));
 * // #1 opened 127.0.0.1:50514
 * // #1 sent 5 bytes
 * // #1   00000000  32 32 30 0d 0a                                    |220..|
 * // #1 closed ConnectionDone: the connection was closed cleanly; received 0 bytes, sent 5
 */
export class TrafficLoggingFactory extends WrappingFactory {
  readonly #settings: Settings;
  #connections = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(wrapped: FactoryLike, options: TrafficLoggingOptions) {
    super(wrapped);
    checkOptions('TrafficLoggingFactory', options, OPTIONS);
    const { log, maxDumpBytes = DEFAULT_MAX_DUMP_BYTES, redact } = options;
    checkFunction('log', log);
    checkInteger('maxDumpBytes', maxDumpBytes, 0, Number.MAX_SAFE_INTEGER);
    if (redact !== undefined) checkFunction('redact', redact);
    this.#settings = { log, maxDumpBytes, redact };
  }

  protected override wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return new TrafficLoggingProtocol(protocol, this, ++this.#connections, this.#settings);
  }
}

/** Each connection has its own, so it uses TypeScript's `private`, which costs no memory. */
class TrafficLoggingProtocol extends ProtocolWrapper {
  private readonly number: number;
  private readonly settings: Settings;
  private receivedBytes = 0;
  private sentBytes = 0;

  constructor(
    protocol: StreamProtocol,
    factory: TrafficLoggingFactory,
    number: number,
    settings: Settings,
  ) {
    super(protocol, factory);
    this.number = number;
    this.settings = settings;
  }

  override makeConnection(transport: Transport): void {
    this.line(`opened ${transport.getPeer()}`);
    super.makeConnection(transport);
  }

  override dataReceived(data: Buffer): void {
    this.receivedBytes += data.byteLength;
    this.packet('received', data);
    super.dataReceived(data);
  }

  override connectionLost(reason: Error): void {
    const { receivedBytes, sentBytes } = this;
    const why = textOf(reason).replaceAll('\n', ' ');
    this.line(`closed ${why}; received ${receivedBytes} bytes, sent ${sentBytes}`);
    super.connectionLost(reason);
  }

  /** Logged after the transport has accepted it, including data that a closing transport drops. */
  override write(data: Uint8Array | string): void {
    super.write(data);
    this.sent(data);
  }

  override writeSequence(parts: Iterable<Uint8Array | string>): void {
    const taken = [...parts];
    super.writeSequence(taken);
    for (const part of taken) this.sent(part);
  }

  protected override passReadConnectionLost(): void {
    this.line('peer finished sending');
    super.passReadConnectionLost();
  }

  private sent(data: Uint8Array | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    this.sentBytes += bytes.byteLength;
    this.packet('sent', bytes);
  }

  private packet(direction: TrafficDirection, data: Uint8Array): void {
    this.line(`${direction} ${data.byteLength} bytes`);
    const { maxDumpBytes } = this.settings;
    if (maxDumpBytes === 0) return;
    const shown = this.redacted(data, direction);
    if (shown === null) return;
    const dump = hexDump(shown.subarray(0, maxDumpBytes));
    if (dump !== '') for (const line of dump.split('\n')) this.line(`  ${line}`);
    if (shown.byteLength > maxDumpBytes) {
      this.line(`  ... ${shown.byteLength - maxDumpBytes} bytes more`);
    }
  }

  private redacted(data: Uint8Array, direction: TrafficDirection): Uint8Array | null {
    const { redact } = this.settings;
    if (redact === undefined) return data;
    try {
      const shown = redact(data, direction);
      if (shown === null || shown instanceof Uint8Array) return shown;
      throw new InvalidArgumentTypeError('the result of redact', 'a Uint8Array or null', shown);
    } catch (error) {
      reportError(error, 'redact');
      return null;
    }
  }

  private line(text: string): void {
    callReported('traffic log', this.settings.log, `#${this.number} ${text}`);
  }
}

/** A message as receivers get it. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkData } from '../internal/check.js';

/** The data of a message: text is sent as UTF-8. */
export type MessageData = string | Uint8Array;

/** One message of a topic. All receivers in this process share it, so do not change its bytes. */
export class PubSubMessage {
  readonly topic: string;
  /** Its id in a stream: `subscribe` with `after: id` continues behind it. Undefined if the server keeps no messages. */
  readonly id: string | undefined;
  /** Whether a consumer of a group may have received it before: see the option `group`. */
  readonly redelivered: boolean;
  #bytes: Buffer | undefined;
  #text: string | undefined;

  /** @internal */
  constructor(topic: string, data: string | Buffer, id?: string, redelivered = false) {
    this.topic = topic;
    this.id = id;
    this.redelivered = redelivered;
    if (typeof data === 'string') this.#text = data;
    else this.#bytes = data;
  }

  get data(): Buffer {
    this.#bytes ??= Buffer.from(this.#text as string, 'utf8');
    return this.#bytes;
  }

  /** The data as text. Bytes that are not UTF-8 become U+FFFD. */
  get text(): string {
    this.#text ??= (this.#bytes as Buffer).toString('utf8');
    return this.#text;
  }

  /**
   * The data, parsed as JSON.
   * @throws SyntaxError it is not JSON: check the sender.
   */
  json(): unknown {
    return JSON.parse(this.text);
  }

  /** @internal Bytes, or UTF-16 code units of text that was not encoded: for limits of memory. */
  get size(): number {
    return this.#bytes?.length ?? (this.#text as string).length;
  }
}

/**
 * Data that may be published: text, or a copy of bytes.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError it is longer than `maxBytes`.
 */
export function messageData(data: unknown, maxBytes: number): string | Buffer {
  checkData(data, 'message', 'make text of it, for example by JSON.stringify');
  const given = data as MessageData;
  const length = typeof given === 'string' ? Buffer.byteLength(given) : given.length;
  if (length > maxBytes) {
    throw new InvalidArgumentValueError(
      'message',
      `at most ${maxBytes} bytes long (maxMessageBytes)`,
      `${length} bytes`,
    );
  }
  return typeof given === 'string' ? given : Buffer.from(given);
}

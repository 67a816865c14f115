/** One visitor of a page in a chat of lines, over a connection of its own. */
import type { StreamClientEndpoint } from '../core/stream-endpoint.js';
import { LineReceiver } from '../framing/line-receiver.js';

/** Longest line, in UTF-16 code units. */
const MAX_LENGTH = 500;
/** Unsent bytes beyond which the chat server does not read, or the visitor says more than any person. */
const MAX_UNSENT_BYTES = 65_536;

class ChatLines extends LineReceiver {
  readonly #received: (line: string) => void;
  readonly #ended: () => void;

  constructor(received: (line: string) => void, ended: () => void) {
    super();
    this.#received = received;
    this.#ended = ended;
  }

  override lineReceived(line: Buffer): void {
    this.#received(line.toString('utf8'));
  }

  override connectionLost(): void {
    this.#ended();
  }
}

export class ChatLink {
  #lines: ChatLines | undefined;
  #left = false;

  /**
   * @param received Called with each line.
   * @param ended Called once, when the connection has ended or could not be made.
   */
  constructor(
    endpoint: StreamClientEndpoint,
    nickname: string,
    received: (line: string) => void,
    ended: () => void,
  ) {
    endpoint
      .connect(() => new ChatLines(received, ended))
      .addCallback((lines) => {
        this.#lines = lines;
        if (this.#left) lines.transport.loseConnection();
        else this.say(nickname);
      })
      .addErrback(ended);
  }

  /** Sends a line. Characters that would end it are replaced. If too much is unsent, the connection is reset. */
  say(text: string): void {
    const line = text.slice(0, MAX_LENGTH).replaceAll(/\p{Cc}/gu, ' ');
    const lines = this.#lines;
    if (!lines?.transport.connected) return;
    if (lines.transport.bufferedBytes > MAX_UNSENT_BYTES) lines.transport.abortConnection();
    else lines.sendLine(line);
  }

  leave(): void {
    this.#left = true;
    this.#lines?.transport.loseConnection();
  }
}

// A store of named texts, and its messages: a kind (1 byte), a length (2 bytes), then that many bytes.
import { FrameReceiver, LengthFieldDecoder } from 'ropewalk';

const HEADER_BYTES = 3;
const MAX_BODY_BYTES = 1000;

export function encodeMessage(kind: string, text: string): Buffer {
  const message = Buffer.alloc(HEADER_BYTES + Buffer.byteLength(text));
  message.write(kind, 'latin1');
  message.writeUInt16BE(message.length - HEADER_BYTES, 1);
  message.write(text, HEADER_BYTES);
  return message;
}

/** Receives and sends messages: shared by server and client. */
export abstract class MessageReceiver extends FrameReceiver {
  // Frames are read before frameReceived returns, so they need no copy.
  override readonly acceptsLentFrames = true;

  constructor() {
    const maxFrameLength = HEADER_BYTES + MAX_BODY_BYTES;
    super(new LengthFieldDecoder({ lengthFieldOffset: 1, lengthFieldLength: 2, maxFrameLength }));
  }

  abstract messageReceived(kind: string, text: string): void;

  override frameReceived(frame: Buffer): void {
    this.messageReceived(frame.toString('latin1', 0, 1), frame.toString('utf8', HEADER_BYTES));
  }

  sendMessage(kind: string, text: string): void {
    this.transport.write(encodeMessage(kind, text));
  }
}

/** The server's side. The answer to `S name=text` is `O`, to `G name` it is `V text` or `N`, to anything else `E`. */
export class Store extends MessageReceiver {
  // Receive no more messages from a client until it has read its answers.
  override readonly appliesBackpressure = true;
  readonly #texts: Map<string, string>;

  constructor(texts: Map<string, string>) {
    super();
    this.#texts = texts;
  }

  override messageReceived(kind: string, text: string): void {
    const [name = '', ...value] = text.split('=');
    const stored = this.#texts.get(name);
    if (kind === 'S') {
      this.#texts.set(name, value.join('='));
      this.sendMessage('O', '');
    } else if (kind !== 'G') {
      this.sendMessage('E', `what is ${kind}?`);
      this.transport.loseConnection();
    } else if (stored === undefined) this.sendMessage('N', '');
    else this.sendMessage('V', stored);
  }
}

/** The protocol of a pipe to a child: passes everything on to that of the process. */
import type { ProcessReceiver } from '../../core/process.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { Transport } from '../../core/transport.js';

export class ChildPipeProtocol implements StreamProtocol {
  transport: Transport | undefined = undefined;
  readonly number: number;
  readonly #receives: boolean;
  readonly #receiver: ProcessReceiver;
  readonly #lost: (pipe: ChildPipeProtocol) => void;

  /** @param receives A pipe that is only written may be a socket, over which the child could send. */
  constructor(
    number: number,
    receives: boolean,
    receiver: ProcessReceiver,
    lost: (pipe: ChildPipeProtocol) => void,
  ) {
    this.number = number;
    this.#receives = receives;
    this.#receiver = receiver;
    this.#lost = lost;
  }

  get acceptsLentBytes(): boolean {
    return this.#receiver.acceptsLentBytes === true;
  }

  get description(): string {
    return `descriptor ${this.number} of a child`;
  }

  makeConnection(transport: Transport): void {
    this.transport = transport;
  }

  dataReceived(data: Buffer): unknown {
    if (this.#receives) return this.#receiver.childDataReceived(this.number, data);
  }

  connectionLost(): void {
    this.#lost(this);
  }
}

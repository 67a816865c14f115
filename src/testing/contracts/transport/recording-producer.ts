/** A producer that records its calls, and detects those made outside of `write`. */
import type { PushProducer } from '../../../core/producer.js';
import type { Transport } from '../../../core/transport.js';

export class RecordingProducer implements PushProducer {
  readonly log: string[] = [];
  /** How often it was paused other than from within `write` or `writeSequence`. */
  pausedOutsideWrite = 0;
  /** `bufferedBytes` at each `resumeProducing`. */
  readonly bufferedAtResume: number[] = [];
  readonly #transport: Transport;
  #writing = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  pauseProducing(): void {
    if (!this.#writing) this.pausedOutsideWrite += 1;
    this.log.push('pause');
  }

  resumeProducing(): void {
    this.bufferedAtResume.push(this.#transport.bufferedBytes);
    this.log.push('resume');
  }

  stopProducing(): void {
    this.log.push('stop');
  }

  /** Writes each part: by `write` if it is one, else by `writeSequence`. */
  write(...parts: (Uint8Array | string)[]): void {
    this.#writing = true;
    try {
      const [only] = parts;
      if (parts.length === 1 && only !== undefined) this.#transport.write(only);
      else this.#transport.writeSequence(parts);
    } finally {
      this.#writing = false;
    }
  }
}

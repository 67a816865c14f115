/** The producer of a protocol, kept by a policy that is itself the producer of the transport below. */
import type { PullProducer, PushProducer } from '../core/producer.js';
import type { Transport } from '../core/transport.js';
import { failOnRejection } from '../defer/callback-result.js';

/** Calls the producer as a transport would: a rejection of a promise that it returns ends the connection. */
export class KeptProducer {
  readonly streaming: boolean;
  private readonly producer: PullProducer & Partial<PushProducer>;
  private paused = false;

  constructor(producer: PushProducer | PullProducer, streaming: boolean) {
    this.producer = producer;
    this.streaming = streaming;
  }

  /** Whether it waits for a call of {@link resume}: pull producers always do. */
  get waiting(): boolean {
    return !this.streaming || this.paused;
  }

  /** Asks a pull producer for data, or resumes a push producer. */
  resume(transport: Transport): void {
    this.paused = false;
    watch(this.producer.resumeProducing(), transport, 'resumeProducing');
  }

  /** Pauses a push producer that is not paused. */
  pause(transport: Transport): void {
    if (this.waiting) return;
    this.paused = true;
    watch(this.producer.pauseProducing?.(), transport, 'pauseProducing');
  }

  stop(transport: Transport): void {
    watch(this.producer.stopProducing(), transport, 'stopProducing');
  }
}

function watch(result: unknown, transport: Transport, where: string): void {
  if (result !== undefined) failOnRejection(result, transport, where);
}

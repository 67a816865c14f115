import { ShapingFactory, type ShapingFactoryOptions } from '../../src/policies/shaping-factory.js';
import type { Rate } from '../../src/policies/token-bucket.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import type {
  MemoryTransport,
  MemoryTransportOptions,
} from '../../src/testing/memory-transport.js';
import { HalfCloseRecorder, Recorder } from '../support/recorder.js';
import { accept } from './wired.js';

export const SLOW: Rate = { bytesPerSecond: 1_000, burstBytes: 100 };

/** Connections of one shaped factory. */
export class Bench {
  readonly clock = new ManualClock();
  readonly factory: ShapingFactory;
  readonly #protocols: Recorder[] = [];
  readonly #transports: MemoryTransport[] = [];

  constructor(options: Omit<ShapingFactoryOptions, 'clock'>) {
    const build = (): Recorder => this.#protocols.shift() ?? new Recorder();
    this.factory = new ShapingFactory(build, { clock: this.clock, ...options });
  }

  connect<P extends Recorder>(protocol: P, options?: MemoryTransportOptions): [P, MemoryTransport] {
    this.#protocols.push(protocol);
    const { transport } = accept(this.factory, options);
    this.#transports.push(transport);
    return [protocol, transport];
  }

  /** Lets time pass, with a turn of every connection each millisecond. */
  advance(ms: number): void {
    for (let i = 0; i < ms; i++) {
      this.clock.advance(1);
      for (const transport of this.#transports) transport.settle();
    }
  }
}

export function slowWriter(
  options?: MemoryTransportOptions,
): [Bench, HalfCloseRecorder, MemoryTransport] {
  const bench = new Bench({ write: { perConnection: SLOW } });
  return [bench, ...bench.connect(new HalfCloseRecorder(), options)];
}

/** Writes down what a consumer asks of it; `pieces` are what a pull producer still has to write. */
export class Producer {
  readonly log: string[] = [];
  pieces: string[] = [];
  readonly #protocol: Recorder;

  constructor(protocol: Recorder) {
    this.#protocol = protocol;
  }

  pauseProducing(): void {
    this.log.push('pause');
  }

  resumeProducing(): void {
    this.log.push('resume');
    const piece = this.pieces.shift();
    if (piece !== undefined) this.#protocol.transport.write(piece);
  }

  stopProducing(): void {
    this.log.push('stop');
  }
}

/** Raw readiness: descriptors that the application opened and reads or writes itself. */
import type { ErrorReporter } from './error-reporter.js';

export interface Descriptor {
  /** The file descriptor. It must stay the same while the descriptor is added. */
  fileno(): number;
  /**
   * The descriptor has been removed. The application must close it.
   * @param reason The exception of `doRead` or `doWrite`, or a ConnectionLost: the reactor was stopped.
   */
  connectionLost(reason: Error): void;
}

export interface ReadDescriptor extends Descriptor {
  /** Reading would not block, or would report an error. Called in each turn as long as that is so. */
  doRead(): void;
}

export interface WriteDescriptor extends Descriptor {
  /** Writing would not block, or would report an error. Called in each turn as long as that is so. */
  doWrite(): void;
}

/** Something that ends with the reactor like a descriptor, but is not watched by it. */
export type Owned = Pick<Descriptor, 'connectionLost'>;

/** The relation of a reactor to an {@link Owned}. */
export interface Ownership {
  readonly report: ErrorReporter;
  /** The reactor no longer ends it. */
  release(): void;
}

/** Raw readiness, for descriptors that the application opens, reads and writes itself. */

export interface Descriptor {
  /** The file descriptor. It must stay the same while the descriptor is added. */
  fileno(): number;
  /** `doRead` or `doWrite` threw `reason`, and the descriptor was removed. The application must close it. */
  connectionLost(reason: Error): void;
}

export interface ReadDescriptor extends Descriptor {
  /** Reading would not block, or would report an error. Called in each turn while that is so. */
  doRead(): void;
}

export interface WriteDescriptor extends Descriptor {
  /** Writing would not block, or would report an error. Called in each turn while that is so. */
  doWrite(): void;
}

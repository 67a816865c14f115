/** Raw readiness: descriptors that the application opened and reads or writes itself. */

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

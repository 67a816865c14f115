/** Readiness of any file descriptor. */
import type { ReadDescriptor, WriteDescriptor } from './descriptor.js';

export interface ReactorDescriptors {
  /**
   * Calls `descriptor.doRead()` while its file descriptor is readable. Adding it again has no effect. Native only. Remove it
   * before the descriptor is closed.
   * @throws UnsupportedError this reactor does not support it, or it is a regular file, which is always ready.
   * @throws SystemError the descriptor is not open.
   */
  addReader(descriptor: ReadDescriptor): void;
  /** The same for `doWrite()` and writability. */
  addWriter(descriptor: WriteDescriptor): void;
  removeReader(descriptor: ReadDescriptor): void;
  removeWriter(descriptor: WriteDescriptor): void;
  getReaders(): ReadDescriptor[];
  getWriters(): WriteDescriptor[];
  /**
   * Removes all readers and writers, and returns them, each once. The reactor does so when it is stopped, and calls their
   * `connectionLost`.
   */
  removeAll(): (ReadDescriptor | WriteDescriptor)[];
}

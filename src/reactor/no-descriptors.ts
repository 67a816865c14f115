/** {@link ReactorDescriptors} of a reactor that cannot watch descriptors. */
import type { ReadDescriptor, WriteDescriptor } from '../core/descriptor.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { ReactorDescriptors } from '../core/reactor-descriptors.js';

export const NO_DESCRIPTORS: ReactorDescriptors = {
  addReader: (_descriptor: ReadDescriptor) => refuse('addReader'),
  addWriter: (_descriptor: WriteDescriptor) => refuse('addWriter'),
  removeReader: (_descriptor: ReadDescriptor) => refuse('removeReader'),
  removeWriter: (_descriptor: WriteDescriptor) => refuse('removeWriter'),
  getReaders: () => [],
  getWriters: () => [],
  removeAll: () => [],
};

function refuse(method: string): never {
  throw new UnsupportedError(
    method,
    'this reactor cannot watch descriptors: use the native reactor',
  );
}

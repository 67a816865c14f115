/** The descriptors that a `MemoryReactor` watches: the test decides when one is readable or writable. */
import type { Descriptor, ReadDescriptor, WriteDescriptor } from '../core/descriptor.js';
import type { ErrorReporter } from '../core/error-reporter.js';
import type { ReactorDescriptors } from '../core/reactor-descriptors.js';
import { toError } from '../core/text-of.js';
import { onRejection } from '../defer/callback-result.js';
import { checkFunction, checkInteger } from '../internal/check.js';
import { TestTransportStateError } from './simulation/errors.js';

/** The highest number of a descriptor. */
export const MAX_FD: number = 2 ** 31 - 1;

export class MemoryDescriptors implements ReactorDescriptors {
  readonly #report: ErrorReporter;
  /** By the number of the file. */
  readonly #readers = new Map<number, ReadDescriptor>();
  readonly #writers = new Map<number, WriteDescriptor>();

  constructor(report: ErrorReporter) {
    this.#report = report;
  }

  addReader(descriptor: ReadDescriptor): void {
    checkFunction('doRead', descriptor?.doRead);
    this.#readers.set(numberOf(descriptor), descriptor);
  }

  addWriter(descriptor: WriteDescriptor): void {
    checkFunction('doWrite', descriptor?.doWrite);
    this.#writers.set(numberOf(descriptor), descriptor);
  }

  removeReader(descriptor: ReadDescriptor): void {
    remove(this.#readers, descriptor);
  }

  removeWriter(descriptor: WriteDescriptor): void {
    remove(this.#writers, descriptor);
  }

  getReaders(): ReadDescriptor[] {
    return [...this.#readers.values()];
  }

  getWriters(): WriteDescriptor[] {
    return [...this.#writers.values()];
  }

  removeAll(): (ReadDescriptor | WriteDescriptor)[] {
    const all = new Set<ReadDescriptor | WriteDescriptor>([
      ...this.#readers.values(),
      ...this.#writers.values(),
    ]);
    this.#readers.clear();
    this.#writers.clear();
    return [...all];
  }

  /** Calls `doRead` of the reader of a descriptor. @throws TestTransportStateError it has none. */
  readable(fd: number): void {
    const reader = this.#readers.get(fd);
    if (reader === undefined) throw nobody('reader', fd);
    this.#call(reader, 'doRead', () => reader.doRead());
  }

  /** Calls `doWrite` of the writer of a descriptor. @throws TestTransportStateError it has none. */
  writable(fd: number): void {
    const writer = this.#writers.get(fd);
    if (writer === undefined) throw nobody('writer', fd);
    this.#call(writer, 'doWrite', () => writer.doWrite());
  }

  #call(descriptor: Descriptor, where: string, callback: () => unknown): void {
    const failed = (error: unknown): void => this.#lose(descriptor, error, where);
    try {
      const result = callback();
      if (result !== undefined) onRejection(result, failed);
    } catch (error) {
      failed(error);
    }
  }

  #lose(descriptor: Descriptor, error: unknown, where: string): void {
    this.#report(error, where);
    remove(this.#readers, descriptor);
    remove(this.#writers, descriptor);
    const failed = (secondError: unknown): void => this.#report(secondError, 'connectionLost');
    try {
      const result: unknown = descriptor.connectionLost(toError(error));
      if (result !== undefined) onRejection(result, failed);
    } catch (secondError) {
      failed(secondError);
    }
  }
}

function numberOf(descriptor: Descriptor): number {
  checkFunction('fileno', descriptor.fileno);
  return checkInteger('fileno()', descriptor.fileno(), 0, MAX_FD);
}

function remove(watched: Map<number, Descriptor>, descriptor: Descriptor): void {
  for (const [fd, other] of watched) if (other === descriptor) watched.delete(fd);
}

function nobody(what: string, fd: number): TestTransportStateError {
  return new TestTransportStateError(`descriptor ${fd} has no ${what}`);
}

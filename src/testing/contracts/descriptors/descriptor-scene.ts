/** The stage of one case of the descriptors contract: a reactor, FIFOs, and readers and writers that record. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

import type { Descriptor, ReadDescriptor, WriteDescriptor } from '../../../core/descriptor.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { Scene, SceneCases } from '../scene.js';

export interface FIFO {
  readonly readEnd: number;
  readonly writeEnd: number;
}

class RecordingDescriptor implements Descriptor {
  readonly fd: number;
  readonly lost: Error[] = [];
  /** The number of calls of `doRead` or `doWrite`. */
  calls = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  fileno(): number {
    return this.fd;
  }

  connectionLost(reason: Error): void {
    this.lost.push(reason);
  }
}

export class RecordingReader extends RecordingDescriptor implements ReadDescriptor {
  text = '';

  doRead(): void {
    this.calls += 1;
    this.act();
  }

  /** The case's action. Default: reads 64 bytes at most. */
  act: () => void = () => this.read(64);

  read(bytes: number): void {
    const buffer = Buffer.alloc(bytes);
    this.text += buffer.toString('utf8', 0, readSync(this.fd, buffer));
  }
}

export class RecordingWriter extends RecordingDescriptor implements WriteDescriptor {
  act: () => void = () => {};

  doWrite(): void {
    this.calls += 1;
    this.act();
  }
}

export class DescriptorScene extends Scene {
  readonly #opened: Set<number> = new Set();
  #fifos = 0;

  /** Both ends of a FIFO, non-blocking; closed after the case. */
  fifo(): FIFO {
    const path = this.#makeFIFO();
    const readEnd = this.open(path, constants.O_RDONLY);
    return { readEnd, writeEnd: this.open(path, constants.O_WRONLY) };
  }

  /** A FIFO whose two ends are one descriptor. */
  loop(): number {
    return this.open(this.#makeFIFO(), constants.O_RDWR);
  }

  /** Opens a file without blocking; it is closed after the case. */
  open(path: string, flags: number): number {
    const fd = openSync(path, flags | constants.O_NONBLOCK);
    this.#opened.add(fd);
    this.atEnd(() => this.close(fd));
    return fd;
  }

  /** Closes it now. */
  close(fd: number): void {
    if (this.#opened.delete(fd)) closeSync(fd);
  }

  #makeFIFO(): string {
    this.#fifos += 1;
    const path = join(this.folder(), `fifo-${this.#fifos}`);
    execFileSync('mkfifo', [path]);
    return path;
  }
}

/** Makes the cases of the descriptors contract from their names and bodies. */
export class DescriptorCases extends SceneCases<DescriptorScene> {
  /** @throws InvalidArgumentTypeError */
  constructor(makeStage: MakeReactorStage) {
    super(makeStage, DescriptorScene);
  }
}

/** The stage of one case of the pipe contract: a reactor, and pipes that it adopts one end of. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';

import type { PipeDirection } from '../../../core/adopt-options.js';
import type { SystemError } from '../../../core/errors/base.js';
import type { LoggedErrorCapture } from '../../logged-errors.js';
import { ReactorScene } from '../reactor/reactor-scene.js';
import type { MakeReactorStage, ReactorStage } from '../reactor/reactor-stage.js';
import { SceneCases } from '../scene.js';
import type { RecordingHooks, RecordingProtocol } from '../transport/recording-protocol.js';

const READ_BYTES = 64 * 1024;

/** Both ends of a pipe. The case adopts one; the other is non-blocking and the case's. */
export interface PipeEnds {
  readonly adopted: number;
  readonly other: number;
}

export function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

/** The bytes that can be read at once; empty at the end of the input and if there are none. */
export function readSome(fd: number): Buffer {
  const memory = Buffer.alloc(READ_BYTES);
  try {
    return memory.subarray(0, readSync(fd, memory));
  } catch (error) {
    if ((error as SystemError).code === 'EAGAIN') return memory.subarray(0, 0);
    throw error;
  }
}

/** Fills a pipe that nobody reads. @returns The number of bytes. */
export function fill(fd: number): number {
  const block = Buffer.alloc(4096, 'x');
  let written = 0;
  for (;;) {
    try {
      written += writeSync(fd, block);
    } catch (error) {
      if ((error as SystemError).code === 'EAGAIN') return written;
      throw error;
    }
  }
}

export class PipeScene extends ReactorScene {
  readonly #closing = new Set<number>();
  #pipes = 0;

  constructor(stage: ReactorStage, errors: LoggedErrorCapture) {
    super(stage, errors);
    this.atEnd(() => {
      for (const fd of this.#closing) closeSync(fd);
    });
  }

  /** A FIFO, open for both directions: what is written to it can be read from it. */
  openBoth(): number {
    return openSync(this.#makeFIFO(), constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** A pipe whose end of this direction is to be adopted. */
  openPipe(direction: 'read' | 'write'): PipeEnds {
    const path = this.#makeFIFO();
    const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const write = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const [adopted, other] = direction === 'read' ? [read, write] : [write, read];
    this.#closing.add(other);
    return { adopted, other };
  }

  /** Closes the case's end of a pipe. */
  close(fd: number): void {
    this.#closing.delete(fd);
    closeSync(fd);
  }

  adopt(
    fd: number,
    direction: PipeDirection,
    hooks?: RecordingHooks<RecordingProtocol>,
  ): RecordingProtocol {
    const factory = this.recorders(hooks);
    const transport = this.reactor.adoptPipe(fd, factory, { direction, takeOver: true });
    const [protocol] = factory.built;
    assert(protocol !== undefined);
    assert.equal(protocol.transport, transport);
    assert.deepEqual(factory.log, ['buildProtocol']);
    assert.equal(transport?.direction, direction);
    return protocol;
  }

  #makeFIFO(): string {
    this.#pipes += 1;
    const path = this.path(`pipe-${this.#pipes}`);
    execFileSync('mkfifo', [path]);
    return path;
  }
}

/** Makes the cases of the pipe contract from their names and bodies. */
export class PipeCases extends SceneCases<PipeScene> {
  /** @throws InvalidArgumentTypeError */
  constructor(makeStage: MakeReactorStage) {
    super(makeStage, PipeScene);
  }
}

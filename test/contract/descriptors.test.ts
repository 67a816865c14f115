/** Raw readiness of descriptors that the application opened. Native only; the pure-JS reactor says that it can not. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UnsupportedError } from '../../src/core/errors/reactor.js';
import type { ReadDescriptor, WriteDescriptor } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { quietMoment } from '../support/pairs.js';
import { needs } from '../support/platform.js';

let folder = '';
const opened: number[] = [];

beforeEach(() => {
  needs('descriptors');
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
});

afterEach(() => {
  for (const fd of opened.splice(0)) closeSync(fd);
  rmSync(folder, { recursive: true, force: true });
});

/** Both ends of a FIFO, without blocking. */
function openFifo(name = 'fifo'): { readEnd: number; writeEnd: number } {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  opened.push(readEnd, writeEnd);
  return { readEnd, writeEnd };
}

class Reader implements ReadDescriptor {
  readonly fd: number;
  readonly pulse = new Pulse();
  calls = 0;
  text = '';
  lost: Error[] = [];
  act: () => void = () => {
    const buffer = Buffer.alloc(64);
    this.text += buffer.toString('utf8', 0, readSync(this.fd, buffer));
  };

  constructor(fd: number) {
    this.fd = fd;
  }

  fileno(): number {
    return this.fd;
  }

  doRead(): void {
    this.calls += 1;
    try {
      this.act();
    } finally {
      this.pulse.notify();
    }
  }

  connectionLost(reason: Error): void {
    this.lost.push(reason);
    this.pulse.notify();
  }
}

class Writer implements WriteDescriptor {
  readonly fd: number;
  readonly pulse = new Pulse();
  calls = 0;
  lost: Error[] = [];
  act: () => void = () => {};

  constructor(fd: number) {
    this.fd = fd;
  }

  fileno(): number {
    return this.fd;
  }

  doWrite(): void {
    this.calls += 1;
    try {
      this.act();
    } finally {
      this.pulse.notify();
    }
  }

  connectionLost(reason: Error): void {
    this.lost.push(reason);
    this.pulse.notify();
  }
}

contract('descriptors', (rig) => {
  it('are refused by a reactor that cannot watch them', ({ skip }) => {
    if (rig.native) skip('supported by the native reactor');
    const { readEnd, writeEnd } = openFifo();
    const unsupported = (feature: string): object =>
      expect.objectContaining({ name: 'UnsupportedError', feature });
    expect(() => rig.reactor.addReader(new Reader(readEnd))).toThrow(unsupported('addReader'));
    expect(() => rig.reactor.addWriter(new Writer(writeEnd))).toThrow(unsupported('addWriter'));
    expect(rig.reactor.getReaders()).toEqual([]);
    expect(rig.reactor.getWriters()).toEqual([]);
  });

  it('are read when there is something to read', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { readEnd, writeEnd } = openFifo();
    const reader = new Reader(readEnd);
    rig.reactor.addReader(reader);
    await quietMoment(rig);
    expect(reader.calls).toBe(0);
    writeSync(writeEnd, 'one');
    await reader.pulse.until(() => reader.text === 'one', 'one');
    writeSync(writeEnd, 'two');
    await reader.pulse.until(() => reader.text === 'onetwo', 'two');
    rig.reactor.removeReader(reader);
  });

  it('are read each turn for as long as something is left', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { readEnd, writeEnd } = openFifo();
    const reader = new Reader(readEnd);
    reader.act = () => {
      const buffer = Buffer.alloc(1);
      readSync(readEnd, buffer);
      reader.text += buffer.toString();
    };
    rig.reactor.addReader(reader);
    writeSync(writeEnd, 'abc');
    await reader.pulse.until(() => reader.text === 'abc', 'abc');
    await quietMoment(rig);
    expect(reader.calls).toBe(3);
    rig.reactor.removeReader(reader);
  });

  it('are written when there is room, each turn until removed', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { writeEnd } = openFifo();
    const writer = new Writer(writeEnd);
    writer.act = () => {
      if (writer.calls === 3) rig.reactor.removeWriter(writer);
    };
    rig.reactor.addWriter(writer);
    await writer.pulse.until(() => writer.calls === 3, 'three calls');
    await quietMoment(rig);
    expect(writer.calls).toBe(3);
    expect(rig.reactor.getWriters()).toEqual([]);
  });

  it('are not written while a pipe is full', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { readEnd, writeEnd } = openFifo();
    const block = Buffer.alloc(4096);
    let written = 0;
    const fill = (): void => {
      try {
        for (;;) written += writeSync(writeEnd, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
    };
    fill();
    const writer = new Writer(writeEnd);
    writer.act = () => rig.reactor.removeWriter(writer);
    rig.reactor.addWriter(writer);
    await quietMoment(rig);
    expect(writer.calls).toBe(0);
    readSync(readEnd, Buffer.alloc(written));
    await writer.pulse.until(() => writer.calls === 1, 'room');
  });

  it('can be read and written through one descriptor', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const path = join(folder, 'both');
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    opened.push(fd);
    const [reader, writer] = [new Reader(fd), new Writer(fd)];
    writer.act = () => {
      writeSync(fd, 'loop');
      rig.reactor.removeWriter(writer);
    };
    rig.reactor.addReader(reader);
    rig.reactor.addWriter(writer);
    await reader.pulse.until(() => reader.text === 'loop', 'the loop');
    expect(rig.reactor.getReaders()).toEqual([reader]);
    rig.reactor.removeReader(reader);
  });

  it('added twice are watched once', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { readEnd, writeEnd } = openFifo();
    const reader = new Reader(readEnd);
    rig.reactor.addReader(reader);
    rig.reactor.addReader(reader);
    expect(rig.reactor.getReaders()).toEqual([reader]);
    writeSync(writeEnd, 'x');
    await reader.pulse.until(() => reader.text === 'x', 'x');
    await quietMoment(rig);
    expect(reader.calls).toBe(1);
    rig.reactor.removeReader(reader);
    expect(rig.reactor.getReaders()).toEqual([]);
    writeSync(writeEnd, 'y');
    await quietMoment(rig);
    expect(reader.calls).toBe(1);
  });

  it('are removed more often than they were added without harm', ({ skip }) => {
    if (!rig.native) skip('native only');
    const { readEnd, writeEnd } = openFifo();
    rig.reactor.removeReader(new Reader(readEnd));
    rig.reactor.removeWriter(new Writer(writeEnd));
    expect(rig.reactor.getReaders()).toEqual([]);
  });

  it('removed by another callback of the same turn are not called', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const ends = [openFifo('one'), openFifo('two')];
    const readers = ends.map(({ readEnd }) => new Reader(readEnd)) as [Reader, Reader];
    const [first, second] = readers;
    first.act = () => rig.reactor.removeReader(second);
    second.act = () => rig.reactor.removeReader(first);
    for (const reader of readers) rig.reactor.addReader(reader);
    for (const { writeEnd } of ends) writeSync(writeEnd, 'x');
    await Promise.race(readers.map((it) => it.pulse.until(() => it.calls > 0, 'a call')));
    expect(Math.min(first.calls, second.calls)).toBe(0);
    for (const reader of readers) rig.reactor.removeReader(reader);
  });

  it('whose doRead throws are removed and notified, the others continue', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const [broken, sound] = [openFifo('broken'), openFifo('sound')];
    const thrower = new Reader(broken.readEnd);
    const error = new Error('can not read this');
    thrower.act = () => {
      throw error;
    };
    const reader = new Reader(sound.readEnd);
    rig.reactor.addReader(thrower);
    rig.reactor.addReader(reader);
    writeSync(broken.writeEnd, 'x');
    writeSync(sound.writeEnd, 'y');
    await thrower.pulse.until(() => thrower.lost.length > 0, 'connectionLost');
    await reader.pulse.until(() => reader.text === 'y', 'y');
    expect(thrower.lost).toEqual([error]);
    expect(thrower.calls).toBe(1);
    expect(rig.reactor.getReaders()).toEqual([reader]);
    expect(rig.takeReports()).toMatchObject([{ error }]);
    rig.reactor.removeReader(reader);
  });

  it('whose doWrite throws are removed and notified', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const writer = new Writer(openFifo().writeEnd);
    const error = new Error('can not write this');
    writer.act = () => {
      throw error;
    };
    rig.reactor.addWriter(writer);
    await writer.pulse.until(() => writer.lost.length > 0, 'connectionLost');
    expect(writer.lost).toEqual([error]);
    expect(rig.reactor.getWriters()).toEqual([]);
    expect(rig.takeReports()).toMatchObject([{ error }]);
  });

  it('become readable at an end of file', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { readEnd, writeEnd } = openFifo();
    opened.splice(opened.indexOf(writeEnd), 1);
    const reader = new Reader(readEnd);
    reader.act = () => {
      expect(readSync(readEnd, Buffer.alloc(1))).toBe(0);
      rig.reactor.removeReader(reader);
    };
    rig.reactor.addReader(reader);
    closeSync(writeEnd);
    await reader.pulse.until(() => reader.calls === 1, 'the end');
    expect(reader.lost).toEqual([]);
  });

  it('that are regular files are refused', ({ skip }) => {
    if (!rig.native) skip('native only');
    const path = join(folder, 'file');
    writeFileSync(path, 'contents');
    const fd = openSync(path, 'r');
    opened.push(fd);
    expect(() => rig.reactor.addReader(new Reader(fd))).toThrow(UnsupportedError);
    expect(rig.reactor.getReaders()).toEqual([]);
  });

  it.each([-1, 1_000_000, Number.NaN, 2 ** 40, 1.5, '3', null, undefined])(
    'with a fileno of %s are refused',
    (fd) => {
      if (fd === 1_000_000 && rig.maker.name === 'native+poll') needs('invalidPolls');
      const reader = new Reader(fd as number);
      expect(() => rig.reactor.addReader(reader)).toThrow(Error);
      expect(rig.reactor.getReaders()).toEqual([]);
    },
  );

  it('are all removed at once, each given back once', ({ skip }) => {
    if (!rig.native) skip('native only');
    const { readEnd, writeEnd } = openFifo();
    const both = Object.assign(new Reader(readEnd), { doWrite: () => {} });
    const writer = new Writer(writeEnd);
    rig.reactor.addReader(both);
    rig.reactor.addWriter(both);
    rig.reactor.addWriter(writer);
    expect(rig.reactor.removeAll()).toEqual([both, writer]);
    expect([...rig.reactor.getReaders(), ...rig.reactor.getWriters()]).toEqual([]);
    expect(both.lost).toEqual([]);
    expect(rig.reactor.removeAll()).toEqual([]);
  });

  it('are removed and notified by a stop, before run settles', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { reactor } = rig;
    const run = reactor.run({ installSignalHandlers: false });
    const reader = new Reader(openFifo().readEnd);
    reactor.addReader(reader);
    let refused: unknown;
    reactor.addSystemEventTrigger('during', 'shutdown', () => {
      try {
        reactor.addReader(reader);
      } catch (error) {
        refused = error;
      }
    });
    reactor.callWhenRunning(() => reactor.stop());
    await run;
    expect(reader.lost).toMatchObject([{ name: 'ConnectionLost' }]);
    expect(reactor.getReaders()).toEqual([]);
    expect(refused).toMatchObject({ code: 'ERR_REACTOR_STOPPING' });
  });

  it('may be told of a stop asynchronously: a rejection is reported', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { reactor } = rig;
    const reader = new Reader(openFifo().readEnd);
    const error = new Error('of connectionLost');
    reader.connectionLost = async () => Promise.reject(error);
    reactor.addReader(reader);
    reactor.callWhenRunning(() => reactor.stop());
    await reactor.run({ installSignalHandlers: false });
    await rig.turns(1);
    expect(rig.takeReports()).toEqual([{ error, where: 'connectionLost' }]);
  });

  it('left behind at disposal are let go, not closed', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { readEnd, writeEnd } = openFifo();
    const reader = new Reader(readEnd);
    rig.reactor.addReader(reader);
    await rig.reactor[Symbol.asyncDispose]();
    writeSync(writeEnd, 'mine');
    const buffer = Buffer.alloc(4);
    expect(readSync(readEnd, buffer)).toBe(4);
    expect(reader.calls).toBe(0);
  });
});

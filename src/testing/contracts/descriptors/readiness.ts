/** Cases of the descriptors contract: when readers and writers are called. */
import assert from 'node:assert/strict';
import { readSync, writeSync } from 'node:fs';

import { type DescriptorCases, RecordingReader, RecordingWriter } from './descriptor-scene.js';

export function addReadinessCases(contract: DescriptorCases): void {
  addReadingCases(contract);
  addWritingCases(contract);
}

function addReadingCases(contract: DescriptorCases): void {
  contract.add('calls doRead when there is something to read', async (scene) => {
    const { readEnd, writeEnd } = scene.fifo();
    const reader = new RecordingReader(readEnd);
    scene.reactor.addReader(reader);
    await scene.settle();
    assert.equal(reader.calls, 0);
    writeSync(writeEnd, 'one');
    await scene.until(() => reader.text === 'one', 'the first bytes');
    writeSync(writeEnd, 'two');
    await scene.until(() => reader.text === 'onetwo', 'the second bytes');
  });

  contract.add('calls doRead each turn while something is left', async (scene) => {
    const { readEnd, writeEnd } = scene.fifo();
    const reader = new RecordingReader(readEnd);
    reader.act = () => reader.read(1);
    scene.reactor.addReader(reader);
    writeSync(writeEnd, 'abc');
    await scene.until(() => reader.text === 'abc', 'three bytes');
    await scene.settle();
    assert.equal(reader.calls, 3);
  });

  contract.add('calls doRead at an end of file', async (scene) => {
    const { readEnd, writeEnd } = scene.fifo();
    const reader = new RecordingReader(readEnd);
    let bytes = -1;
    reader.act = () => {
      bytes = readSync(readEnd, Buffer.alloc(1));
      scene.reactor.removeReader(reader);
    };
    scene.reactor.addReader(reader);
    scene.close(writeEnd);
    await scene.until(() => bytes === 0, 'the end of the file');
    assert.deepEqual(reader.lost, []);
  });

  contract.add('watches a descriptor that is added twice once', async (scene) => {
    const { reactor } = scene;
    const { readEnd, writeEnd } = scene.fifo();
    const reader = new RecordingReader(readEnd);
    for (let i = 0; i < 2; i++) reactor.addReader(reader);
    assert.deepEqual(reactor.getReaders(), [reader]);
    writeSync(writeEnd, 'x');
    await scene.until(() => reader.text === 'x', 'a byte');
    await scene.settle();
    assert.equal(reader.calls, 1);
    reactor.removeReader(reader);
    assert.deepEqual(reactor.getReaders(), []);
    writeSync(writeEnd, 'y');
    await scene.settle();
    assert.equal(reader.calls, 1);
  });
}

function addWritingCases(contract: DescriptorCases): void {
  contract.add('calls doWrite each turn while there is room, until removed', async (scene) => {
    const { reactor } = scene;
    const writer = new RecordingWriter(scene.fifo().writeEnd);
    writer.act = () => {
      if (writer.calls === 3) reactor.removeWriter(writer);
    };
    reactor.addWriter(writer);
    await scene.until(() => writer.calls === 3, 'three calls');
    await scene.settle();
    assert.equal(writer.calls, 3);
    assert.deepEqual(reactor.getWriters(), []);
  });

  contract.add('does not call doWrite while there is no room', async (scene) => {
    const { readEnd, writeEnd } = scene.fifo();
    const written = fill(writeEnd);
    const writer = new RecordingWriter(writeEnd);
    writer.act = () => scene.reactor.removeWriter(writer);
    scene.reactor.addWriter(writer);
    await scene.settle();
    assert.equal(writer.calls, 0);
    readSync(readEnd, Buffer.alloc(written));
    await scene.until(() => writer.calls === 1, 'room');
  });

  contract.add('watches one descriptor for a reader and a writer', async (scene) => {
    const { reactor } = scene;
    const fd = scene.loop();
    const [reader, writer] = [new RecordingReader(fd), new RecordingWriter(fd)];
    writer.act = () => {
      writeSync(fd, 'loop');
      reactor.removeWriter(writer);
    };
    reactor.addReader(reader);
    reactor.addWriter(writer);
    await scene.until(() => reader.text === 'loop', 'the bytes written');
    assert.deepEqual([reactor.getReaders(), reactor.getWriters()], [[reader], []]);
  });
}

/** Writes until there is no room. Returns the number of bytes. */
function fill(fd: number): number {
  const block = Buffer.alloc(4096);
  for (let written = 0; ; ) {
    try {
      written += writeSync(fd, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return written;
      throw error;
    }
  }
}

/** Cases of the descriptors contract: removal by the application, by errors, and by the end of the reactor. */
import assert from 'node:assert/strict';
import { readSync, writeSync } from 'node:fs';

import { ConnectionLost } from '../../../core/errors/connection.js';
import { ReactorStoppingError } from '../../../core/errors/reactor.js';
import {
  type DescriptorCases,
  type DescriptorScene,
  RecordingReader,
  RecordingWriter,
} from './descriptor-scene.js';

export function addRemovalCases(contract: DescriptorCases): void {
  addRemoveCases(contract);
  addThrowingCases(contract);
  addStopCases(contract);
}

function addRemoveCases(contract: DescriptorCases): void {
  contract.add('ignores removals of descriptors that were not added', (scene) => {
    const { readEnd, writeEnd } = scene.fifo();
    scene.reactor.removeReader(new RecordingReader(readEnd));
    scene.reactor.removeWriter(new RecordingWriter(writeEnd));
    assert.deepEqual([scene.reactor.getReaders(), scene.reactor.getWriters()], [[], []]);
  });

  contract.add('does not call a reader that another one of the turn removed', async (scene) => {
    const { reactor } = scene;
    const fifos = [scene.fifo(), scene.fifo()];
    const readers = fifos.map(({ readEnd }) => new RecordingReader(readEnd));
    for (const reader of readers) {
      reader.act = () => {
        for (const other of readers) if (other !== reader) reactor.removeReader(other);
      };
      reactor.addReader(reader);
    }
    for (const { writeEnd } of fifos) writeSync(writeEnd, 'x');
    await scene.until(() => readers.some(({ calls }) => calls > 0), 'a call');
    await scene.settle();
    assert.equal(Math.min(...readers.map(({ calls }) => calls)), 0);
  });

  contract.add('removeAll removes all, and returns each once', (scene) => {
    const { reactor } = scene;
    const { readEnd, writeEnd } = scene.fifo();
    const both = Object.assign(new RecordingReader(readEnd), { doWrite: () => {} });
    const writer = new RecordingWriter(writeEnd);
    reactor.addReader(both);
    reactor.addWriter(both);
    reactor.addWriter(writer);
    assert.deepEqual(reactor.removeAll(), [both, writer]);
    assert.deepEqual([reactor.getReaders(), reactor.getWriters()], [[], []]);
    assert.deepEqual(both.lost, []);
    assert.deepEqual(reactor.removeAll(), []);
  });
}

function addThrowingCases(contract: DescriptorCases): void {
  contract.add('removes a reader that throws, and tells it; the others continue', async (scene) => {
    const { reactor } = scene;
    const [broken, sound] = [scene.fifo(), scene.fifo()];
    const error = new Error('out of doRead');
    const [thrower, reader] = [broken, sound].map(({ readEnd }) => new RecordingReader(readEnd));
    assert(thrower !== undefined && reader !== undefined);
    thrower.act = () => {
      throw error;
    };
    reactor.addReader(thrower);
    reactor.addReader(reader);
    writeSync(broken.writeEnd, 'x');
    writeSync(sound.writeEnd, 'y');
    await scene.until(() => thrower.lost.length > 0 && reader.text === 'y', 'both calls');
    assert.deepEqual([thrower.lost, thrower.calls], [[error], 1]);
    assert.deepEqual(reactor.getReaders(), [reader]);
    assert.deepEqual(scene.takeErrors(), [error]);
  });

  contract.add('removes a writer that throws, and tells it', async (scene) => {
    const writer = new RecordingWriter(scene.fifo().writeEnd);
    const error = new Error('out of doWrite');
    writer.act = () => {
      throw error;
    };
    scene.reactor.addWriter(writer);
    await scene.until(() => writer.lost.length > 0, 'connectionLost');
    assert.deepEqual([writer.lost, writer.calls], [[error], 1]);
    assert.deepEqual(scene.reactor.getWriters(), []);
    assert.deepEqual(scene.takeErrors(), [error]);
  });
}

function addStopCases(contract: DescriptorCases): void {
  contract.add('tells readers of a stop before run settles, and adds none then', async (scene) => {
    const { reactor } = scene;
    const reader = new RecordingReader(scene.fifo().readEnd);
    let refused: unknown;
    reactor.addReader(reader);
    reactor.addSystemEventTrigger('during', 'shutdown', () => {
      try {
        reactor.addReader(reader);
      } catch (error) {
        refused = error;
      }
    });
    await runAndStop(scene);
    assert.equal(reader.lost.length, 1);
    assert(reader.lost[0] instanceof ConnectionLost);
    assert.deepEqual(reactor.getReaders(), []);
    assert(refused instanceof ReactorStoppingError);
  });

  contract.add('reports the rejection of an asynchronous connectionLost', async (scene) => {
    const error = new Error('out of connectionLost');
    const reader = Object.assign(new RecordingReader(scene.fifo().readEnd), {
      connectionLost: () => Promise.reject(error),
    });
    scene.reactor.addReader(reader);
    await runAndStop(scene);
    await scene.settle();
    assert.deepEqual(scene.takeErrors(), [error]);
  });

  contract.add('lets go of descriptors at disposal, without closing them', async (scene) => {
    const { readEnd, writeEnd } = scene.fifo();
    const reader = new RecordingReader(readEnd);
    scene.reactor.addReader(reader);
    await scene.answerOf(scene.reactor[Symbol.asyncDispose](), 'disposal');
    writeSync(writeEnd, 'mine');
    assert.equal(readSync(readEnd, Buffer.alloc(4)), 4);
    assert.equal(reader.calls, 0);
  });
}

/** Runs the reactor and stops it when it has started. */
async function runAndStop(scene: DescriptorScene): Promise<void> {
  const finished = scene.reactor.run({ installSignalHandlers: false });
  scene.reactor.callWhenRunning(() => scene.reactor.stop());
  await scene.answerOf(finished, 'run to settle');
}

/** Cases of the descriptors contract: descriptors, and reactors, that cannot be used. */
import assert from 'node:assert/strict';
import { constants, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { UnsupportedError } from '../../../core/errors/reactor.js';
import { type DescriptorCases, RecordingReader, RecordingWriter } from './descriptor-scene.js';

/** More than a process may open on the usual systems. */
const NEVER_OPEN = 1_000_000;

/** For reactors that watch descriptors. */
export function addRefusedDescriptorCases(contract: DescriptorCases): void {
  for (const fd of [-1, Number.NaN, 2 ** 40, 1.5, '3', null, undefined]) {
    contract.add(`refuses a fileno of ${typeof fd} ${fd}`, ({ reactor }) => {
      assert.throws(() => reactor.addReader(new RecordingReader(fd as number)));
      assert.throws(() => reactor.addWriter(new RecordingWriter(fd as number)));
      assert.deepEqual([reactor.getReaders(), reactor.getWriters()], [[], []]);
    });
  }

  contract.add('refuses a descriptor that is not open', ({ reactor }) => {
    assert.throws(() => reactor.addReader(new RecordingReader(NEVER_OPEN)));
    assert.deepEqual(reactor.getReaders(), []);
  });

  contract.add('refuses a regular file', (scene) => {
    const path = join(scene.folder(), 'file');
    writeFileSync(path, 'contents');
    const fd = scene.open(path, constants.O_RDONLY);
    assert.throws(() => scene.reactor.addReader(new RecordingReader(fd)), UnsupportedError);
    assert.deepEqual(scene.reactor.getReaders(), []);
  });
}

/** For reactors that cannot watch descriptors. */
export function addUnsupportedCases(contract: DescriptorCases): void {
  contract.add('refuses readers and writers, since it cannot watch them', (scene) => {
    const { reactor } = scene;
    const fd = scene.loop();
    const [reader, writer] = [new RecordingReader(fd), new RecordingWriter(fd)];
    const refusals = {
      addReader: () => reactor.addReader(reader),
      addWriter: () => reactor.addWriter(writer),
      removeReader: () => reactor.removeReader(reader),
      removeWriter: () => reactor.removeWriter(writer),
    };
    for (const [feature, call] of Object.entries(refusals)) {
      assert.throws(
        call,
        (error) => error instanceof UnsupportedError && error.feature === feature,
        feature,
      );
    }
    assert.deepEqual([reactor.getReaders(), reactor.getWriters()], [[], []]);
    assert.deepEqual(reactor.removeAll(), []);
  });
}

/** Cases of the UNIX contract: the file of a listening socket, its mode and its lock. */
import assert from 'node:assert/strict';
import { lstatSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';

import { InvalidArgumentValueError } from '../../../core/errors/arguments.js';
import { ConnectionRefusedError } from '../../../core/errors/connecting.js';
import { CannotListenError } from '../../../core/errors/listening.js';
import type { UNIXCases } from './unix-scene.js';

export function addUNIXFileCases(contract: UNIXCases): void {
  addFileCases(contract);
  addLockCases(contract);
}

/** Whether there is a file, be it a broken link. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function addFileCases(contract: UNIXCases): void {
  contract.add(
    'has a file while it listens, which it removes at once when it stops',
    async (scene) => {
      const path = scene.path();
      const listening = scene.listenAt(path);
      for (let round = 0; round < 2; round++) {
        assert(lstatSync(path).isSocket());
        const stopped = listening.stopListening();
        assert.equal(exists(path), false);
        await scene.answerOf(stopped, 'stopListening');
        listening.startListening();
      }
    },
  );

  contract.add('gives the file its mode: 0o666 unless told otherwise', (scene) => {
    for (const mode of [undefined, 0o600, 0o660, 0o777]) {
      const path = scene.path(`mode-${mode}`);
      scene.listenAt(path, scene.recorders(), mode === undefined ? {} : { mode });
      assert.equal(statSync(path).mode & 0o777, mode ?? 0o666);
    }
  });

  contract.add('throws for a file in its way, and leaves it alone', (scene) => {
    const path = scene.path();
    writeFileSync(path, 'mine');
    assert.throws(
      () => scene.listenAt(path),
      (error) => error instanceof CannotListenError && error.path === path,
    );
    assert.equal(readFileSync(path, 'utf8'), 'mine');
  });

  contract.add('stops, and listens again, if its file was removed', async (scene) => {
    const path = scene.path();
    const listening = scene.listenAt(path);
    unlinkSync(path);
    await scene.answerOf(listening.stopListening(), 'stopListening');
    listening.startListening();
    await scene.reaches(path);
  });
}

function addLockCases(contract: UNIXCases): void {
  contract.add('holds its lock while it listens', async (scene) => {
    const path = scene.path();
    const lock = `${path}.lock`;
    const listening = scene.listenAt(path, scene.recorders(), { wantPID: true });
    assert(lstatSync(lock).isSymbolicLink());
    await scene.answerOf(listening.stopListening(), 'stopListening');
    assert.equal(exists(lock), false);
    listening.startListening();
    assert(exists(lock));
    await scene.reaches(path);
  });

  contract.add('releases the lock if listening fails', (scene) => {
    const path = scene.path();
    writeFileSync(path, 'mine');
    const listen = (): unknown => scene.listenAt(path, scene.recorders(), { wantPID: true });
    assert.throws(listen, CannotListenError);
    assert.equal(exists(`${path}.lock`), false);
    assert.equal(readFileSync(path, 'utf8'), 'mine');
  });

  contract.add('refuses a lock for an abstract name', (scene) => {
    const listen = (): unknown => scene.listenAt('\0name', scene.recorders(), { wantPID: true });
    assert.throws(listen, InvalidArgumentValueError);
  });

  contract.add('stops if its lock was removed', async (scene) => {
    const path = scene.path();
    const listening = scene.listenAt(path, scene.recorders(), { wantPID: true });
    unlinkSync(`${path}.lock`);
    await scene.answerOf(listening.stopListening(), 'stopListening');
    assert.deepEqual([listening.listening, exists(path)], [false, false]);
  });

  contract.add('checkPID reaches only ports that hold a lock', async (scene) => {
    const [plain, locked] = [scene.path('plain'), scene.path('locked')];
    scene.listenAt(plain);
    scene.listenAt(locked, scene.recorders(), { wantPID: true });
    const refused = await scene.attempt(plain, { checkPID: true });
    assert(refused.reasons[0] instanceof ConnectionRefusedError);
    const { reasons } = await scene.attempt(locked, { checkPID: true });
    assert.deepEqual(reasons, []);
  });
}

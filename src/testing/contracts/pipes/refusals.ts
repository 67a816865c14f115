/** Cases of the pipe contract: other descriptors, and reactors that do not adopt pipes. */
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';

import type { PipeDirection } from '../../../core/adopt-options.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../core/errors/arguments.js';
import type { SystemError } from '../../../core/errors/base.js';
import { DescriptorError } from '../../../core/errors/listening.js';
import { UnsupportedError } from '../../../core/errors/reactor.js';
import { isOpen, type PipeCases, type PipeScene } from './pipe-scene.js';

/** More than a process may open on the usual systems. */
const NEVER_OPEN = 1_000_000;

/** Checks that the reactor refuses the descriptor. Returns the code of the cause. */
function refusal(scene: PipeScene, fd: number, direction: PipeDirection): string {
  let code = '';
  const adopt = (): unknown =>
    scene.reactor.adoptPipe(fd, scene.recorders(), { direction, takeOver: true });
  assert.throws(adopt, (error) => {
    assert(error instanceof DescriptorError);
    assert.equal(error.fd, fd);
    code = (error.cause as SystemError).code;
    return true;
  });
  return code;
}

/** For reactors that adopt pipes. */
export function addRefusedPipeCases(contract: PipeCases): void {
  contract.add('refuses a descriptor that is not open', (scene) => {
    assert.equal(refusal(scene, NEVER_OPEN, 'read'), 'EBADF');
  });

  contract.add('refuses a file in both directions, and leaves it open', (scene) => {
    const fd = openSync(scene.path('file'), 'w+');
    assert.equal(refusal(scene, fd, 'both'), 'EPERM');
    assert(isOpen(fd));
    closeSync(fd);
  });

  contract.add('refuses the other direction of a pipe, and leaves it open', (scene) => {
    for (const [end, direction] of [
      ['read', 'write'],
      ['read', 'both'],
      ['write', 'read'],
      ['write', 'both'],
    ] as const) {
      const { adopted } = scene.openPipe(end);
      assert.equal(refusal(scene, adopted, direction), 'EBADF');
      assert(isOpen(adopted));
      closeSync(adopted);
    }
  });

  contract.add('refuses wrong arguments', (scene) => {
    const adopt = (fd: unknown, options: unknown): unknown =>
      scene.reactor.adoptPipe(fd as number, scene.recorders(), options as never);
    const options = { direction: 'read', takeOver: true };
    for (const fd of [-1, 2 ** 31, 1.5, Number.NaN]) {
      assert.throws(() => adopt(fd, options), InvalidArgumentValueError);
    }
    assert.throws(() => adopt('3', options), InvalidArgumentTypeError);
    assert.throws(() => adopt(3, { takeOver: true }), InvalidArgumentTypeError);
    assert.throws(() => adopt(3, { ...options, direction: 'in' }), InvalidArgumentValueError);
    assert.throws(() => adopt(3, { ...options, takeOver: 1 }), InvalidArgumentTypeError);
    assert.throws(() => adopt(3, { ...options, name: 3 }), InvalidArgumentTypeError);
  });
}

/** For reactors that adopt none. */
export function addUnsupportedPipeCases(contract: PipeCases): void {
  contract.add('refuses adoptPipe, since it adopts no pipes', (scene) => {
    assert.throws(
      () => scene.reactor.adoptPipe(NEVER_OPEN, scene.recorders(), { direction: 'read' }),
      (error) => error instanceof UnsupportedError && error.feature === 'adoptPipe',
    );
  });
}

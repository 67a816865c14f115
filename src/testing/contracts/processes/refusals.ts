/** Cases about processes that cannot be started, and wrong arguments. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { SpawnError } from '../../../core/errors/processes.js';
import type { SpawnOptions } from '../../../core/spawn-options.js';
import type { SceneCases } from '../scene.js';
import { type ProcessScene, SHELL } from './process-scene.js';

/** More than any system accepts. */
const TOO_LONG = 'x'.repeat(8 * 1024 * 1024);

const WRONG: readonly (readonly [options: object, code: string])[] = [
  [{ args: 'text' }, 'ERR_INVALID_ARG_TYPE'],
  [{ args: [1] }, 'ERR_INVALID_ARG_TYPE'],
  [{ args: ['a\0b'] }, 'ERR_INVALID_ARG_VALUE'],
  [{ argv0: 'a\0b' }, 'ERR_INVALID_ARG_VALUE'],
  [{ cwd: 'a\0b' }, 'ERR_INVALID_ARG_VALUE'],
  [{ env: { 'A=B': 'c' } }, 'ERR_INVALID_ARG_VALUE'],
  [{ env: { '': 'c' } }, 'ERR_INVALID_ARG_VALUE'],
  [{ env: { A: 'b\0C=d' } }, 'ERR_INVALID_ARG_VALUE'],
  [{ env: { A: 1 } }, 'ERR_INVALID_ARG_TYPE'],
  [{ env: ['A=B'] }, 'ERR_INVALID_ARG_TYPE'],
  [{ uid: -1 }, 'ERR_INVALID_ARG_VALUE'],
  [{ gid: 2 ** 32 }, 'ERR_INVALID_ARG_VALUE'],
  [{ groups: [1] }, 'ERR_INVALID_ARG_VALUE'],
  [{ umask: 0o1000 }, 'ERR_INVALID_ARG_VALUE'],
  [{ session: 1 }, 'ERR_INVALID_ARG_TYPE'],
  [{ processGroup: 'old' }, 'ERR_INVALID_ARG_TYPE'],
  [{ processGroup: 'new', session: true }, 'ERR_INVALID_ARG_VALUE'],
  [{ limits: { openFiles: -1 } }, 'ERR_INVALID_ARG_VALUE'],
  [{ limits: { files: 1 } }, 'ERR_UNKNOWN_OPTION'],
  [{ childDescriptors: { x: 'r' } }, 'ERR_INVALID_ARG_VALUE'],
  [{ childDescriptors: { 70000: 'r' } }, 'ERR_INVALID_ARG_VALUE'],
  [{ childDescriptors: { 1: 'rw' } }, 'ERR_INVALID_ARG_TYPE'],
  [{ childDescriptors: { 1: -1 } }, 'ERR_INVALID_ARG_VALUE'],
  [{ pty: true, childDescriptors: {} }, 'ERR_INVALID_ARG_VALUE'],
  [{ pty: true, session: true }, 'ERR_INVALID_ARG_VALUE'],
  [{ pty: { columns: 65_536 } }, 'ERR_INVALID_ARG_VALUE'],
  [{ pty: { width: 80 } }, 'ERR_UNKNOWN_OPTION'],
  [{ shell: true }, 'ERR_UNKNOWN_OPTION'],
];

export function addRefusalCases(contract: SceneCases<ProcessScene>): void {
  contract.add('throws if the program does not exist', (scene) => {
    assert.equal(scene.refusal('/nonexistent/program'), 'ENOENT');
    assert.equal(scene.refusal('no-such-program-in-path'), 'ENOENT');
  });

  contract.add('throws if the program cannot be executed', (scene) => {
    const file = join(scene.folder(), 'text');
    writeFileSync(file, 'no program');
    assert.equal(scene.refusal(file), 'EACCES');
    assert.equal(scene.refusal(scene.folder()), 'EACCES');
  });

  contract.add('throws if the arguments are too long', (scene) => {
    assert.equal(scene.refusal(SHELL, { args: [TOO_LONG] }), 'E2BIG');
    assert.equal(scene.refusal(SHELL, { env: { A: TOO_LONG } }), 'E2BIG');
  });

  contract.add('throws if the working directory does not exist', (scene) => {
    assert.equal(scene.refusal(SHELL, { cwd: '/nonexistent' }), 'ENOENT');
    assert.equal(scene.refusal(SHELL, { cwd: SHELL }), 'ENOTDIR');
    assert.throws(
      () => scene.reactor.spawnProcess(scene.recorder(), 'sh', { cwd: '/nonexistent' }),
      /its working directory "\/nonexistent"/,
    );
  });

  contract.add('starts processes after a refusal', async (scene) => {
    for (let i = 0; i < 20; i++) scene.refusal('/nonexistent/program');
    assert.equal(await scene.outputOf('echo ok'), 'ok\n');
  });

  contract.add('refuses wrong arguments', (scene) => {
    for (const [options, code] of WRONG) {
      assert.throws(
        () => scene.reactor.spawnProcess(scene.recorder(), SHELL, options as SpawnOptions),
        { code },
        JSON.stringify(options),
      );
    }
    for (const executable of ['', 'a\0b', 1]) {
      assert.throws(() => scene.reactor.spawnProcess(scene.recorder(), executable as string));
    }
    assert.throws(() => scene.reactor.spawnProcess(undefined as never, SHELL), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });

  contract.add('refuses unknown signals', async (scene) => {
    const recorder = scene.script('cat');
    for (const signal of ['TERM', 'SIGNOTHING', 65, -1, 1.5]) {
      assert.throws(() => recorder.transport.signalProcess(signal as NodeJS.Signals), RangeError);
    }
    recorder.transport.closeStdin();
    await scene.endOf(recorder);
  });

  contract.add('says what is wrong', (scene) => {
    assert.throws(
      () => scene.reactor.spawnProcess(scene.recorder(), '/nonexistent/program'),
      (error) => error instanceof SpawnError && error.message.includes('/nonexistent/program'),
    );
  });
}

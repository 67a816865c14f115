/** Cases about the environment of processes. */
import assert from 'node:assert/strict';
import { chmodSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { InvalidArgumentValueError } from '../../../core/errors/arguments.js';
import { ProcessTerminated, SpawnError } from '../../../core/errors/processes.js';
import type { SceneCases } from '../scene.js';
import { PATH, type ProcessScene } from './process-scene.js';

export function addSettingCases(contract: SceneCases<ProcessScene>): void {
  contract.add('starts with an empty environment', async (scene) => {
    const output = await scene.outputOf('/usr/bin/env', { env: {} });
    // The shell itself sets some.
    assert.equal(/^(HOME|PATH|USER|NODE_)/m.test(output), false, output);
  });

  contract.add('passes an environment, or its own', async (scene) => {
    const env = { PATH, ONE: 'a b', TWO: '=', LEFT_OUT: undefined };
    assert.equal(await scene.outputOf('echo "$ONE|$TWO|$LEFT_OUT"', { env }), 'a b|=|\n');
    const own = await scene.outputOf('echo "$PATH"', { env: null });
    assert.equal(own, `${process.env.PATH}\n`);
  });

  contract.add('passes arguments unchanged', async (scene) => {
    const args = ['-c', 'for arg; do echo "<$arg>"; done', 'name', '', 'a b', '$HOME', 'é\n'];
    const recorder = scene.recorder();
    scene.reactor.spawnProcess(recorder, '/bin/sh', { args });
    await scene.endOf(recorder);
    const output = Buffer.from(recorder.out, 'latin1').toString();
    assert.equal(output, '<>\n<a b>\n<$HOME>\n<é\n>\n');
  });

  contract.add('names the program by argv0', async (scene) => {
    assert.equal(await scene.outputOf('echo $0', { argv0: 'other' }), 'other\n');
  });

  contract.add('sets the working directory', async (scene) => {
    const folder = realpathSync(scene.folder());
    assert.equal(await scene.outputOf('pwd', { cwd: folder }), `${folder}\n`);
  });

  contract.add('finds a name in the PATH of env', async (scene) => {
    const folder = scene.folder();
    const program = join(folder, 'a-program');
    writeFileSync(program, '#!/bin/sh\necho found\n');
    chmodSync(program, 0o755);
    const recorder = scene.recorder();
    const env = { PATH: `/nonexistent:${folder}` };
    scene.reactor.spawnProcess(recorder, 'a-program', { env });
    await scene.endOf(recorder);
    assert.equal(recorder.out, 'found\n');
    assert.equal(scene.refusal('a-program'), 'ENOENT');
  });

  contract.add('accepts all numbers of users and groups', async (scene) => {
    const ids = { uid: 2 ** 32 - 2, gid: 2 ** 31 };
    try {
      assert.equal(await scene.outputOf('id -u; id -g', ids), '4294967294\n2147483648\n');
    } catch (error) {
      // Not the superuser, or one with other users only.
      if (!(error instanceof SpawnError)) throw error;
      assert.match(String(error.cause), /EPERM|EINVAL/);
    }
  });

  contract.add('begins a session, whose processes it signals together', async (scene) => {
    const recorder = scene.script('sleep 60 & echo $!; wait', { session: true });
    await scene.until(() => recorder.out.endsWith('\n'), 'the grandchild');
    recorder.transport.signalProcess('SIGKILL', { group: true });
    const reason = await scene.endOf(recorder);
    assert(reason instanceof ProcessTerminated);
    assert.equal(reason.signal, 'SIGKILL');
  });

  contract.add('does not signal the group of this process', async (scene) => {
    const recorder = scene.script('cat');
    assert.throws(
      () => recorder.transport.signalProcess('SIGKILL', { group: true }),
      InvalidArgumentValueError,
    );
    recorder.transport.closeStdin();
    await scene.endOf(recorder);
  });
}

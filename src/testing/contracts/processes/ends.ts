/** Cases about the ends of processes. */
import assert from 'node:assert/strict';

import {
  ProcessAbandoned,
  type ProcessClosed,
  ProcessDone,
  ProcessExitedAlreadyError,
  ProcessTerminated,
} from '../../../core/errors/processes.js';
import type { SceneCases } from '../scene.js';
import { PATH, type ProcessScene, RecordingProcess, SHELL } from './process-scene.js';

export function addEndCases(contract: SceneCases<ProcessScene>): void {
  contract.add('calls connectionMade before it returns, processEnded last', async (scene) => {
    const recorder = scene.script('echo out; echo err >&2');
    assert.deepEqual(recorder.calls, ['made']);
    assert.equal(typeof recorder.transport.pid, 'number');
    const reason = await scene.endOf(recorder);
    assert(reason instanceof ProcessDone);
    assert.equal(recorder.calls.at(-1), 'ended');
    assert.deepEqual([...recorder.calls].sort(), [
      ...['data 1', 'data 2', 'ended', 'exited', 'lost 0', 'lost 1', 'lost 2', 'made'],
    ]);
    assert.equal(recorder.out, 'out\n');
    assert.equal(recorder.output.get(2), 'err\n');
  });

  contract.add('reports the exit code', async (scene) => {
    const reason = await scene.endOf(scene.script('exit 7'));
    assert(reason instanceof ProcessTerminated);
    assert.deepEqual([reason.exitCode, reason.signal], [7, undefined]);
  });

  contract.add('reports the signal that ended it', async (scene) => {
    const recorder = scene.script('read line');
    recorder.transport.signalProcess('SIGTERM');
    const reason = await scene.endOf(recorder);
    assert(reason instanceof ProcessTerminated);
    assert.deepEqual([reason.exitCode, reason.signal], [undefined, 'SIGTERM']);
  });

  contract.add('sends signals by number', async (scene) => {
    const recorder = scene.script('trap "exit 9" USR1; echo ready; while :; do sleep 0.01; done');
    await scene.until(() => recorder.out === 'ready\n', 'the trap');
    recorder.transport.signalProcess(0);
    recorder.transport.signalProcess('SIGUSR1');
    const reason = await scene.endOf(recorder);
    assert(reason instanceof ProcessTerminated);
    assert.equal(reason.exitCode, 9);
  });

  contract.add('sends no signal after the exit', async (scene) => {
    const recorder = scene.script('exit 0');
    await scene.until(() => recorder.exited !== undefined, 'processExited');
    assert.equal(recorder.transport.pid, undefined);
    assert.throws(() => recorder.transport.signalProcess('SIGTERM'), ProcessExitedAlreadyError);
  });

  contract.add('ends it when a grandchild has closed the pipes', async (scene) => {
    const childDescriptors = { 1: 'r', 3: 'w' } as const;
    const recorder = scene.script('{ read line <&3; echo late; } & exit 0', { childDescriptors });
    await scene.until(() => recorder.exited !== undefined, 'processExited');
    await scene.settle();
    assert.equal(recorder.ended, undefined);
    recorder.transport.writeToChild(3, 'go\n');
    await scene.endOf(recorder);
    assert.equal(recorder.out, 'late\n');
  });

  contract.add('ends it without a grandchild that holds closed pipes', async (scene) => {
    const recorder = scene.script('sleep 60 & echo $!');
    await scene.until(() => recorder.exited !== undefined && recorder.out !== '', 'the exit');
    const grandchild = Number(recorder.out);
    scene.atEnd(() => void process.kill(grandchild, 'SIGKILL'));
    recorder.transport.loseConnection();
    assert((await scene.endOf(recorder)) instanceof ProcessDone);
  });

  contract.add('closes all pipes if connectionMade throws', async (scene) => {
    class Throwing extends RecordingProcess {
      override connectionMade(): void {
        super.connectionMade();
        throw new Error('connectionMade');
      }
    }
    const recorder = scene.script('cat', {}, new Throwing(scene.violations));
    assert((await scene.endOf(recorder)) instanceof ProcessDone);
    assert.match(String(scene.takeErrors()), /connectionMade/);
  });

  contract.add('reports errors of processExited and processEnded', async (scene) => {
    class Throwing extends RecordingProcess {
      override processExited(reason: ProcessDone): void {
        super.processExited(reason);
        throw new Error('in exited');
      }
      override async processEnded(reason: ProcessDone): Promise<void> {
        super.processEnded(reason);
        throw new Error('in ended');
      }
    }
    await scene.endOf(scene.script('exit 0', {}, new Throwing(scene.violations)));
    await scene.settle();
    assert.match(String(scene.takeErrors()), /in exited.*in ended/);
  });

  contract.add('abandons a running process when the reactor stops', async (scene) => {
    const { reactor } = scene;
    const recorder = scene.recorder();
    const run = reactor.run({ installSignalHandlers: false });
    const ignoring = 'trap "" PIPE; exec 0<&- 1>&- 2>&-; while :; do sleep 0.01; done';
    reactor.spawnProcess(recorder, SHELL, { args: ['-c', ignoring], env: { PATH } });
    const pid = recorder.transport.pid as number;
    scene.atEnd(() => void process.kill(pid, 'SIGKILL'));
    await scene.until(() => reactor.running, 'startup');
    reactor.stop();
    await scene.answerOf(run, 'run to settle');
    assert(recorder.ended instanceof ProcessAbandoned);
    assert.deepEqual(recorder.calls.slice(-2), ['exited', 'ended']);
    assert.equal(process.kill(pid, 0), true);
  });

  contract.add('starts many that end at once', async (scene) => {
    const recorders = Array.from({ length: 50 }, () =>
      scene.script('exit 0', { childDescriptors: {} }),
    );
    await scene.until(() => recorders.every(({ ended }) => ended !== undefined), 'all ends');
    for (const recorder of recorders) assert.deepEqual(recorder.calls, ['made', 'exited', 'ended']);
  });

  contract.add('signals processes whose exit has not been reported yet', async (scene) => {
    const recorders: RecordingProcess[] = [];
    const refusals: unknown[] = [];
    class Signalling extends RecordingProcess {
      override processExited(reason: ProcessClosed): void {
        super.processExited(reason);
        for (const { transport } of recorders) {
          try {
            transport.signalProcess('SIGCONT');
          } catch (error) {
            refusals.push(error);
          }
        }
      }
    }
    const childDescriptors = { 0: 'w' } as const;
    for (let i = 0; i < 20; i++) {
      const recorder = new Signalling(scene.violations);
      recorders.push(scene.script('read line', { childDescriptors }, recorder));
    }
    for (const { transport } of recorders) transport.signalProcess('SIGKILL');
    await scene.until(() => recorders.every(({ ended }) => ended !== undefined), 'all ends');
    assert(refusals.length > 0);
    for (const error of refusals) assert(error instanceof ProcessExitedAlreadyError, String(error));
  });
}

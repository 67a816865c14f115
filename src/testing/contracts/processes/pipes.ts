/** Cases about the pipes of processes. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { InvalidArgumentValueError } from '../../../core/errors/arguments.js';
import { ProcessDone } from '../../../core/errors/processes.js';
import type { SceneCases } from '../scene.js';
import { type ProcessScene, RecordingProcess } from './process-scene.js';

const MEBIBYTE = 1024 * 1024;

export function addPipeCases(contract: SceneCases<ProcessScene>): void {
  contract.add('writes to the standard input, and ends it', async (scene) => {
    const recorder = scene.script('cat');
    const { transport } = recorder;
    transport.write('one ');
    transport.writeSequence(['two ', Buffer.from('three')]);
    transport.closeStdin();
    await scene.endOf(recorder);
    assert.equal(recorder.out, 'one two three');
    transport.write('after the end');
  });

  contract.add('delivers everything in order', async (scene) => {
    const recorder = scene.script('cat');
    const sent = Buffer.alloc(
      2 * MEBIBYTE,
      Uint8Array.from({ length: 251 }, (_, at) => at),
    );
    recorder.transport.write(sent);
    recorder.transport.closeStdin();
    await scene.endOf(recorder);
    assert(Buffer.from(recorder.out, 'latin1').equals(sent));
  });

  contract.add('makes the child wait while reading is paused', async (scene) => {
    const recorder = scene.script(`head -c ${4 * MEBIBYTE} /dev/zero; echo done >&2`);
    recorder.transport.pipe(1)?.pauseProducing();
    await scene.settle();
    await scene.settle();
    assert.equal(recorder.out, '');
    assert.equal(recorder.output.get(2), undefined);
    recorder.transport.resumeProducing();
    await scene.endOf(recorder);
    assert.equal(recorder.out.length, 4 * MEBIBYTE);
  });

  contract.add('pauses a producer while the child does not read', async (scene) => {
    const recorder = scene.script('read line <&3; cat', {
      childDescriptors: { 0: 'w', 1: 'r', 2: 'r', 3: 'w' },
    });
    const { transport } = recorder;
    let paused = 0;
    let resumed = 0;
    transport.registerProducer(
      {
        pauseProducing: () => {
          paused += 1;
        },
        resumeProducing: () => {
          resumed += 1;
          transport.unregisterProducer();
          transport.closeStdin();
        },
        stopProducing: () => {},
      },
      true,
    );
    transport.write(Buffer.alloc(MEBIBYTE));
    assert.equal(paused, 1);
    assert(transport.bufferedBytes > 0);
    await scene.settle();
    assert.equal(resumed, 0);
    transport.writeToChild(3, 'go\n');
    await scene.endOf(recorder);
    assert.equal(resumed, 1);
    assert.equal(recorder.out.length, MEBIBYTE);
  });

  contract.add('reads from and writes to any descriptor', async (scene) => {
    const childDescriptors = { 1: 'r', 4: 'w', 9: 'r' } as const;
    const recorder = scene.script('read line <&4; echo "$line" >&9', { childDescriptors });
    const { transport } = recorder;
    assert.equal(transport.pipe(0), undefined);
    assert.throws(() => transport.writeToChild(9, 'x'), InvalidArgumentValueError);
    assert.throws(() => transport.writeToChild(5, 'x'), InvalidArgumentValueError);
    assert.throws(() => transport.closeChildDescriptor(5), InvalidArgumentValueError);
    transport.writeToChild(4, 'over nine\n');
    await scene.endOf(recorder);
    assert.equal(recorder.output.get(9), 'over nine\n');
    assert(recorder.calls.includes('lost 4') && recorder.calls.includes('lost 9'));
  });

  contract.add('gives the child descriptors of this process', async (scene) => {
    const path = join(scene.folder(), 'output');
    const fd = openSync(path, 'w');
    const recorder = scene.script('echo to a file; echo "and its error" >&2', {
      childDescriptors: { 1: fd, 2: fd },
    });
    closeSync(fd);
    await scene.endOf(recorder);
    assert.equal(readFileSync(path, 'utf8'), 'to a file\nand its error\n');
    assert.deepEqual(recorder.calls, ['made', 'exited', 'ended']);
  });

  contract.add('gives it the null device for standard descriptors left out', async (scene) => {
    const text = 'cat; echo lost >&2; [ -e /dev/fd/0 ] && [ -e /dev/fd/2 ] && echo open';
    assert.equal(await scene.outputOf(text, { childDescriptors: { 1: 'r' } }), 'open\n');
  });

  contract.add('gives it no descriptor of this process', async (scene) => {
    const { reactor } = scene;
    const port = reactor.listenTCP(0, () => null, { interface: scene.host });
    const other = scene.script('cat');
    const text =
      'fd=3; while [ $fd -lt 200 ]; do [ -e /dev/fd/$fd ] && echo $fd; fd=$((fd+1)); done; exit 0';
    assert.equal(await scene.outputOf(text), '');
    other.transport.closeStdin();
    await scene.endOf(other);
    await port.stopListening();
  });

  contract.add('closes a pipe whose callback throws, and no other', async (scene) => {
    class Throwing extends RecordingProcess {
      override childDataReceived(number: number, data: Buffer): void {
        super.childDataReceived(number, data);
        if (number === 1) throw new Error('childDataReceived');
      }
    }
    const text = 'echo out; read line; echo "$line" >&2';
    const recorder = scene.script(text, {}, new Throwing(scene.violations));
    await scene.until(() => recorder.calls.includes('lost 1'), 'the end of the pipe');
    assert.match(String(scene.takeErrors()), /childDataReceived/);
    recorder.transport.write('still here\n');
    assert((await scene.endOf(recorder)) instanceof ProcessDone);
    assert.equal(recorder.output.get(2), 'still here\n');
  });

  contract.add('lends bytes to a protocol that accepts them', async (scene) => {
    class Borrowing extends RecordingProcess {
      override readonly acceptsLentBytes = true;
    }
    const recorder = scene.script('echo lent', {}, new Borrowing(scene.violations));
    await scene.endOf(recorder);
    assert.equal(recorder.out, 'lent\n');
  });

  contract.add('notices that the child closed its input', async (scene) => {
    const recorder = scene.script('exec 4<&-; echo closed; read line <&3', {
      childDescriptors: { 0: 'w', 1: 'r', 2: 'r', 3: 'w', 4: 'w' },
    });
    await scene.until(() => recorder.calls.includes('lost 4'), 'the end of the input');
    assert.equal(recorder.exited, undefined);
    recorder.transport.writeToChild(3, 'end\n');
    await scene.endOf(recorder);
  });

  contract.add('closes its ends one by one', async (scene) => {
    const recorder = scene.script('trap "" PIPE; read line; echo x; echo y >&2; read line; exit 0');
    const { transport } = recorder;
    transport.closeStdout();
    transport.closeStderr();
    await scene.until(() => recorder.calls.includes('lost 2'), 'the closed outputs');
    assert(recorder.calls.includes('lost 1'));
    transport.loseConnection();
    await scene.endOf(recorder);
    assert.equal(recorder.out, '');
  });
}

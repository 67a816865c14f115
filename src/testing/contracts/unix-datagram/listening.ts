/** Cases of the UNIX datagram contract: sockets with a path, their files, and their end. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';

import { UNIXAddress } from '../../../core/address.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  UnknownOptionError,
} from '../../../core/errors/arguments.js';
import { ConnectError, ConnectionRefusedError } from '../../../core/errors/connecting.js';
import { CannotListenError } from '../../../core/errors/listening.js';
import type { UNIXDatagramCases } from './unix-datagram-scene.js';

export function addUNIXDatagramListeningCases(contract: UNIXDatagramCases, files: boolean): void {
  addListenCases(contract);
  addConnectCases(contract);
  addStopCases(contract);
  if (files) addFileCases(contract);
}

function addListenCases(contract: UNIXDatagramCases): void {
  contract.add('is bound at once, and calls startProtocol', (scene) => {
    const { port, protocol, path } = scene.listen();
    assert.deepEqual([port.listening, port.connectedTo], [true, undefined]);
    assert.deepEqual(port.getHost(), new UNIXAddress(path));
    assert.equal(protocol.transport, port);
    assert.deepEqual(protocol.log, ['start']);
  });

  contract.add('throws at once for a path in use', (scene) => {
    const { path } = scene.listen();
    const protocol = scene.protocol();
    assert.throws(
      () => scene.listen(path, {}, protocol),
      (error) => error instanceof CannotListenError && error.path === path,
    );
    assert.deepEqual(protocol.log, []);
  });

  contract.add('refuses paths that cannot be', (scene) => {
    for (const path of ['', '\0', '/tmp/a\0b', `/tmp/${'x'.repeat(300)}`]) {
      assert.throws(() => scene.listen(path), InvalidArgumentValueError);
      assert.throws(() => scene.connect(path), InvalidArgumentValueError);
    }
  });

  contract.add('accepts a function as its protocol', async (scene) => {
    const [path, own] = [scene.path('echo'), scene.path('asking')];
    scene.reactor.listenUNIXDatagram(path, (data, from, to) => to.write(`${data}!`, from));
    const asking = scene.connect(path, { bindAddress: own });
    asking.port.write('hi');
    await scene.received(asking, 1);
    assert.deepEqual(asking.protocol.texts, ['hi!']);
  });
}

function addConnectCases(contract: UNIXDatagramCases): void {
  contract.add('connects to a path, with a path of its own or none', (scene) => {
    const { path } = scene.listen();
    const own = scene.path('own');
    const [named, nameless] = [scene.connect(path, { bindAddress: own }), scene.connect(path)];
    assert.deepEqual(named.port.getHost(), new UNIXAddress(own));
    assert.deepEqual(nameless.port.getHost(), new UNIXAddress(''));
    for (const { port, protocol } of [named, nameless]) {
      assert.deepEqual(port.connectedTo, new UNIXAddress(path));
      assert.deepEqual(protocol.log, ['start']);
    }
  });

  contract.add('throws at once if nothing is bound to the path of its peer', (scene) => {
    const path = scene.path('nowhere');
    assert.throws(
      () => scene.connect(path),
      (error) => error instanceof ConnectionRefusedError && error.path === path,
    );
  });

  contract.add('throws for a path that a stream socket listens at', (scene) => {
    const path = scene.path();
    scene.reactor.listenUNIX(path, () => null);
    assert.throws(() => scene.connect(path), ConnectError);
    assert.throws(() => scene.listen(path), CannotListenError);
  });
}

function addStopCases(contract: UNIXDatagramCases): void {
  contract.add('calls stopProtocol once, in a later turn', async (scene) => {
    const { port, protocol } = scene.listen();
    const stopped = port.stopListening();
    assert.equal(port.listening, false);
    assert.deepEqual(protocol.log, ['start']);
    await scene.answerOf(stopped, 'stopListening');
    await scene.answerOf(port.stopListening(), 'stopListening again');
    assert.deepEqual(protocol.log, ['start', 'stop']);
  });

  contract.add('frees its path when it stops, and can listen there again', async (scene) => {
    const { port, protocol, path } = scene.listen();
    await scene.answerOf(port.stopListening(), 'stopListening');
    assert.throws(() => scene.connect(path), ConnectionRefusedError);
    port.startListening();
    scene.connect(path).port.write('x');
    await scene.until(() => protocol.log.includes('x'), 'a datagram');
    assert.deepEqual(protocol.log, ['start', 'stop', 'start', 'x']);
  });

  contract.add('leaves its path in use by keepFile', async (scene) => {
    const { port, path } = scene.listen();
    await scene.answerOf(port.stopListening({ keepFile: true }), 'stopListening');
    assert.throws(() => scene.connect(path), ConnectionRefusedError);
    assert.throws(() => scene.listen(path), CannotListenError);
  });

  contract.add('refuses wrong options of stopListening, and listens on', (scene) => {
    const { port } = scene.listen();
    assert.throws(() => port.stopListening({ keepfile: true } as never), UnknownOptionError);
    assert.throws(() => port.stopListening({ keepFile: 1 } as never), InvalidArgumentTypeError);
    assert.equal(port.listening, true);
  });

  contract.add('stops when its reactor stops', async (scene) => {
    const { port, protocol } = scene.listen();
    const { reactor } = scene;
    const finished = reactor.run({ installSignalHandlers: false });
    reactor.callWhenRunning(() => reactor.stop());
    await scene.answerOf(finished, 'run to settle');
    assert.deepEqual([port.listening, protocol.log], [false, ['start', 'stop']]);
  });
}

function addFileCases(contract: UNIXDatagramCases): void {
  contract.add('has a file with its mode while it listens', async (scene) => {
    for (const mode of [undefined, 0o600]) {
      const { port, path } = scene.listen(
        scene.path(`${mode}`),
        mode === undefined ? {} : { mode },
      );
      const file = statSync(path);
      assert(file.isSocket());
      assert.equal(file.mode & 0o777, mode ?? 0o666);
      await scene.answerOf(port.stopListening(), 'stopListening');
      assert.equal(existsSync(path), false);
    }
  });

  contract.add('leaves a file alone that has replaced its own', async (scene) => {
    const { port, path } = scene.listen();
    unlinkSync(path);
    writeFileSync(path, 'mine');
    await scene.answerOf(port.stopListening(), 'stopListening');
    assert.equal(readFileSync(path, 'utf8'), 'mine');
  });
}

/**
 * Every method of a transport, called inside every callback: nothing is called back from inside, and the connection
 * still ends exactly once. The recorder itself notices what comes from inside.
 */
import { expect, it } from 'vitest';
import { contract } from '../support/contract.js';
import { patterned, quietMoment, served } from '../support/pairs.js';
import {
  HalfCloseRecorder,
  type Recorder,
  type RecorderHooks,
  type TransportMethod,
} from '../support/recorder.js';

type Callback = keyof RecorderHooks;

const CALLBACKS: readonly Callback[] = [
  'connectionMade',
  'dataReceived',
  'readConnectionLost',
  'writeConnectionLost',
  'connectionLost',
];

const PRODUCER = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };

const CALLS: readonly (readonly [string, ...[TransportMethod, ...unknown[]][]])[] = [
  ['write', ['write', 'from inside']],
  ['a large write', ['write', patterned(300_000)]],
  ['loseConnection', ['loseConnection']],
  ['loseWriteConnection', ['loseWriteConnection']],
  ['abortConnection', ['abortConnection']],
  ['pauseProducing', ['pauseProducing']],
  ['resumeProducing', ['resumeProducing']],
  ['pause and resume', ['pauseProducing'], ['resumeProducing']],
  ['register and unregister', ['registerProducer', PRODUCER, true], ['unregisterProducer']],
  ['write and loseConnection', ['write', 'last'], ['loseConnection']],
  ['loseConnection and abortConnection', ['loseConnection'], ['abortConnection']],
  ['abortConnection and write', ['abortConnection'], ['write', 'x'], ['loseConnection']],
  ['half-close and loseConnection', ['loseWriteConnection'], ['loseConnection']],
];

contract('inside callbacks', (rig) => {
  const cases = CALLBACKS.flatMap((callback) =>
    CALLS.map(([name, ...calls]) => ({ callback, name, calls })),
  );

  it.each(cases)('$name in $callback', async ({ callback, calls }) => {
    let ran = 0;
    const act = (...args: unknown[]): void => {
      ran += 1;
      if (ran > 1) return;
      const self = args.at(-1) as Recorder;
      for (const [method, ...given] of calls) self.call(method, ...given);
    };
    const { protocol, peer } = await served(rig, new HalfCloseRecorder({ [callback]: act }));
    if (callback === 'dataReceived') peer.write('x');
    if (callback === 'readConnectionLost') peer.end();
    if (callback === 'writeConnectionLost') protocol.transport.loseWriteConnection();
    if (callback === 'connectionLost') peer.reset();
    await protocol.until(() => ran > 0, callback);
    await rig.turns(2);
    protocol.call('abortConnection');
    await protocol.lost();
    await quietMoment(rig);
    expect(protocol.lostCount).toBe(1);
    expect(ran).toBe(1);
  });
});

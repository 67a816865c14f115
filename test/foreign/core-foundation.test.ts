/**
 * A run loop of CoreFoundation on each reactor. macOS is not available here: the library is fake-core-foundation.c, which does what
 * Apple's documentation says of the functions.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import {
  attachForeignLoop,
  CoreFoundationLoop,
  embedReactor,
  ForeignLibraryError,
} from '../../src/foreign/index.js';
import { Protocol, UnsupportedError } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { quietHeap } from '../support/quiet-heap.js';
import { ONE_POLLER } from '../support/reactors.js';

interface Fake {
  readonly library: string;
  timer(seconds: number, callback: () => void): void;
  runInside(seconds: number): void;
  objects(): number;
}

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
afterAll(() => rmSync(folder, { recursive: true }));

function compileFake(): Fake | undefined {
  if (process.platform !== 'linux') return undefined;
  const library = join(folder, 'libfake.so');
  const source = fileURLToPath(new URL('fake-core-foundation.c', import.meta.url));
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source], {
      env: { ...process.env, LD_PRELOAD: '' },
    });
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const fake = koffi.load(library);
    const fired = koffi.pointer(koffi.proto('void (void *timer, void *info)'));
    const timer = fake.func('fakeTimer', 'void', ['double', fired]);
    return {
      library,
      timer: (seconds, callback) => void timer(seconds, koffi.register(callback, fired)),
      runInside: fake.func('void fakeRun(double seconds)'),
      objects: fake.func('int fakeObjects()'),
    };
  } catch {
    return undefined;
  }
}

const fake = compileFake();

describe.skipIf(fake === undefined)(
  `a run loop${fake ? '' : ' (skipped: needs cc and the npm package koffi)'}`,
  () => {
    const { library, timer, runInside, objects } = fake as Fake;

    contract(
      'a run loop of CoreFoundation',
      (rig) => {
        const pulse = new Pulse();

        it('calls its timers, and Node its own', async () => {
          const { reactor } = rig;
          const attachment = attachForeignLoop(reactor, new CoreFoundationLoop({ library }));
          const seen: string[] = [];
          const done = (what: string): void => {
            seen.push(what);
            pulse.notify();
          };
          timer(0.03, () => void Promise.resolve().then(() => done('timer')));
          reactor.callLater(10, done, 'delayed call');
          setImmediate(done, 'immediate');
          await pulse.until(() => seen.length === 3, 'all');
          expect(seen.sort()).toEqual(['delayed call', 'immediate', 'timer']);
          attachment.detach();
        });

        it('sleeps: an idle program has no wake-ups', async () => {
          const { reactor } = rig;
          const attachment = attachForeignLoop(reactor, new CoreFoundationLoop({ library }));
          quietHeap();
          await rig.turns(3);
          const before = attachment.statistics().prepared;
          await new Promise<void>((resolve) => reactor.callLater(200, resolve));
          // One pass for the delayed call; the tests' own runner may cause a few.
          expect(attachment.statistics().prepared - before).toBeLessThan(15);
          attachment.detach();
        });

        it('serves sockets and timers in a run inside a callback', async () => {
          const { reactor } = rig;
          const attachment = attachForeignLoop(reactor, new CoreFoundationLoop({ library }));
          let received = '';
          let inside = 0;
          class Receiver extends Protocol {
            override dataReceived(data: Buffer): void {
              received += data;
            }
          }
          const port = reactor.listenTCP(0, () => new Receiver(), { interface: '127.0.0.1' });
          const client = new Protocol();
          client.connectionMade = () => pulse.notify();
          reactor.connectTCP('127.0.0.1', port.getHost().port, () => client);
          await pulse.until(() => client.transport?.connected === true, 'the connection');
          runInside(0.1);
          const tick = (): void => {
            inside += 1;
            if (inside === 3) client.transport?.write('inside');
            if (received === '') reactor.callLater(5, tick);
            else pulse.notify();
          };
          reactor.callLater(5, tick);
          await pulse.until(() => received === 'inside', 'the bytes');
          client.transport?.abortConnection();
          await new Promise<void>((resolve) => reactor.callLater(120, resolve));
          expect(attachment.attached).toBe(true);
          attachment.detach();
        });

        it('is refused while another loop owns the thread, and the other way round', async () => {
          const { reactor } = rig;
          const embedded = embedReactor(reactor);
          const attachment = attachForeignLoop(reactor, new CoreFoundationLoop({ library }));
          expect(() => embedded.block(() => 1)).toThrow(UnsupportedError);
          expect(() => embedded.block(() => 1)).toThrow('detach it first');
          attachment.detach();
          let refused: unknown;
          await embedded.block(() => {
            try {
              attachForeignLoop(reactor, new CoreFoundationLoop({ library }));
            } catch (error) {
              refused = error;
            }
          });
          expect(refused).toBeInstanceOf(UnsupportedError);
          expect(String(refused)).toContain('attach it when that has returned');
          attachForeignLoop(reactor, new CoreFoundationLoop({ library })).detach();
        });

        it('leaves nothing behind', () => {
          const before = objects();
          for (let round = 0; round < 100; round++) {
            attachForeignLoop(rig.reactor, new CoreFoundationLoop({ library })).detach();
          }
          expect(objects()).toBe(before);
        });
      },
      ONE_POLLER,
    );
  },
);

it('is refused where the library is missing', () => {
  if (process.platform === 'darwin') return;
  expect(() => new CoreFoundationLoop()).toThrow(UnsupportedError);
});

contract(
  'a missing library',
  (rig) => {
    it('is reported with its file', () => {
      if (process.platform === 'win32') return;
      const loop = new CoreFoundationLoop({ library: 'libnothing.so.7' });
      expect(() => attachForeignLoop(rig.reactor, loop)).toThrow(ForeignLibraryError);
    });
  },
  ONE_POLLER,
);

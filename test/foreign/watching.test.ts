/** What attached loops wait for: descriptors that were closed, sets that the system refuses, and no addon. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  attachForeignLoop,
  ForeignDescriptorError,
  type ForeignLoop,
  type ForeignReady,
} from '../../src/foreign/index.js';
import { runProgram } from '../support/child.js';
import { contract } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { openFIFO } from '../support/fifo.js';
import { needs } from '../support/platform.js';
import { ONE_POLLER } from '../support/reactors.js';

const NEVER = Number.POSITIVE_INFINITY;

/** A loop that waits for `waits`, and keeps what it is told. */
class Waiting implements ForeignLoop {
  readonly name = 'waiting';
  readonly pulse = new Pulse();
  readonly told: ForeignReady[] = [];
  waits: readonly number[] = [];
  until = NEVER;
  onReady: (ready: ForeignReady) => void = () => {};

  prepare(): { descriptors: { fd: number; read: true }[]; until: number } {
    return { descriptors: this.waits.map((fd) => ({ fd, read: true })), until: this.until };
  }

  dispatch(ready: readonly ForeignReady[]): void {
    this.until = NEVER;
    for (const one of ready) this.onReady(one);
    this.told.push(...ready);
    this.pulse.notify();
  }
}

contract(
  'a closed descriptor',
  (rig) => {
    it('is told to the loop once, then reported once, and no longer wakes it up', async () => {
      needs('descriptors');
      const { reactor } = rig;
      const fifo = openFIFO(rig);
      const other = openFIFO(rig);
      const loop = new Waiting();
      loop.waits = [fifo.read, other.read];
      loop.onReady = ({ fd, readable }) => {
        if (readable) fifo.close('read');
        else expect(fd).toBe(fifo.read);
      };
      const attachment = attachForeignLoop(reactor, loop);
      writeSync(other.write, 'x');
      await loop.pulse.until(() => loop.told.some(({ invalid }) => invalid), 'the closed one');
      loop.waits = [fifo.read];
      await rig.turns(3);
      const reports = rig.takeReports().map(({ error }) => error as ForeignDescriptorError);
      expect(reports.map(({ code, fd }) => [code, fd])).toEqual([
        ['ERR_FOREIGN_DESCRIPTOR', fifo.read],
      ]);
      expect(reports[0]).toBeInstanceOf(ForeignDescriptorError);
      const before = attachment.statistics().wakeUps;
      await sleep(120); // it was looked at every 50 ms before
      expect(attachment.statistics().wakeUps).toBe(before);
      expect(loop.told.filter(({ invalid }) => invalid).length).toBe(1);
      attachment.detach();
    });

    it('is watched again when its number is that of an open file', async () => {
      needs('descriptors');
      const fifo = openFIFO(rig);
      const loop = new Waiting();
      const attachment = attachForeignLoop(rig.reactor, loop);
      await rig.turns(2);
      fifo.close('read');
      loop.waits = [fifo.read];
      await loop.pulse.until(() => loop.told.length === 1, 'the closed one');
      await rig.turns(3);
      expect(rig.takeReports().length).toBe(1);
      const zero = openSync('/dev/null', 'r');
      expect(zero).toBe(fifo.read);
      loop.until = 0; // each dispatch looks at all descriptors again
      loop.onReady = () => {
        loop.waits = [];
      };
      await loop.pulse.until(() => loop.told.length === 2, 'the open one');
      expect(loop.told[1]).toMatchObject({ fd: zero, readable: true, invalid: false });
      closeSync(zero);
      attachment.detach();
    });
  },
  ONE_POLLER,
);

describe('a set of descriptors that cannot be renewed', () => {
  const PROGRAM = new URL('./programs/no-descriptors.ts', import.meta.url);
  // kqueue forgets closed descriptors by itself.
  it.runIf(process.platform === 'linux').each(['native', 'node'])(
    'is reported once, does not keep the process awake, and recovers (%s)',
    async (kind) => {
      const result = await runProgram(PROGRAM, [kind], { before: 'ulimit -n 200' });
      const stdout =
        'Error: epoll_create1 EMFILE: too many open files spurious: 1\nserved: 2, idle: true\n';
      expect(result).toEqual({ code: 0, signal: null, stdout, stderr: '' });
    },
  );
});

describe('a foreign loop without the addon', () => {
  const PROGRAM = new URL('./programs/without-addon.ts', import.meta.url);
  it.each([
    ['keeps', 'keeps: 20 dispatches, 0 early\n'],
    ['refuses', 'refuses: 0 dispatches, 0 early\n'],
    ['detaches', 'detaches: 0 dispatches, 0 early\n'],
  ])('keeps the process alive only if it is to: %s', async (how, stdout) => {
    const env = { ROPEWALK_PREBUILD: '/nonexistent' };
    const result = await runProgram(PROGRAM, [how], { env });
    expect(result).toEqual({ code: 0, signal: null, stdout, stderr: '' });
  });

  const USERS = new URL('./programs/addon-users.ts', import.meta.url);
  it('of a library is refused, with an error that names what needs the addon', async () => {
    const env = { ROPEWALK_PREBUILD: '/nonexistent' };
    const { code, stdout } = await runProgram(USERS, [], { env });
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    for (const user of ['GLibLoop', 'embedReactor', 'nativeFunction']) {
      const needs = `${user} needs the addon of the native reactor, also on the pure-JS one: `;
      expect(lines.shift()).toMatch(
        new RegExp(
          `^ERR_ADDON_NOT_LOADED ${needs}the native reactor's addon .*ROPEWALK_PREBUILD must`,
        ),
      );
    }
  });
});

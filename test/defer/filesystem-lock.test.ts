import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import {
  AlreadyLockingError,
  CancelledError,
  NotAcquiredError,
  ReactorStoppedError,
  TimeoutError,
} from '../../src/defer/errors.js';
import { DeferredFilesystemLock, isLocked } from '../../src/defer/filesystem-lock.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { Child, runProgram } from '../support/child.js';
import { none, outcomeOf } from './outcome.js';

const HOLDER = new URL('./programs/lock-holder.ts', import.meta.url);
const CONTENDER = new URL('./programs/lock-contender.ts', import.meta.url);

/** The mark of a process that is not there: no system gives numbers like that. */
const DEAD_MARK = `2147483646.1.0123456789abcdef@${encodeURIComponent(hostname())}`;

let folder = '';
let path = '';
let clock = new ManualClock();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-lock-'));
  path = join(folder, 'queue.lock');
  clock = new ManualClock();
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  expect(clock.getDelayedCalls()).toEqual([]);
});

const newLock = (): DeferredFilesystemLock => new DeferredFilesystemLock(path, clock);

function heldLock(): DeferredFilesystemLock {
  const lock = newLock();
  expect(lock.lock()).toBe(true);
  return lock;
}

describe('DeferredFilesystemLock', () => {
  it('is held by one at a time, of one process too', () => {
    const [first, second] = [newLock(), newLock()];
    expect([first.lock(), second.lock()]).toEqual([true, false]);
    expect([first.locked, second.locked]).toEqual([true, false]);
    first.unlock();
    expect([first.locked, second.lock()]).toEqual([false, true]);
  });

  it('leaves nothing behind when it is unlocked', () => {
    heldLock().unlock();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is a link that names this process', () => {
    heldLock();
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readlinkSync(path)).toMatch(new RegExp(`^${process.pid}\\.`));
  });

  it('is held when it is locked twice, and knows whether it was left clean', () => {
    const lock = newLock();
    expect(lock.clean).toBe(undefined);
    expect([lock.lock(), lock.lock(), lock.clean]).toEqual([true, true, true]);
  });

  it('can not be unlocked by who does not hold it', () => {
    heldLock();
    expect(() => newLock().unlock()).toThrow(NotAcquiredError);
  });

  it('says so when somebody has removed the lock, or put theirs in its place', () => {
    const lock = heldLock();
    unlinkSync(path);
    expect(() => lock.unlock()).toThrow(NotAcquiredError);
    expect(lock.lock()).toBe(true);
    unlinkSync(path);
    heldLock();
    expect(() => lock.unlock()).toThrow(NotAcquiredError);
    expect(newLock().lock()).toBe(false);
  });

  it('tells the system error where the link can not be made', () => {
    path = join(folder, 'no', 'such', 'folder');
    expect(() => newLock().lock()).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    const outcome = outcomeOf(newLock().deferUntilLocked(100));
    expect(outcome.value).toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a path that is no string, and impossible times', () => {
    expect(() => new DeferredFilesystemLock(5 as never, clock)).toThrow(InvalidArgumentTypeError);
    const options = { pollMs: -1 };
    expect(() => new DeferredFilesystemLock(path, clock, options)).toThrow(
      InvalidArgumentValueError,
    );
    expect(() => newLock().deferUntilLocked(-1)).toThrow(InvalidArgumentValueError);
  });

  describe('deferUntilLocked', () => {
    it('fires at once where the lock is free', () => {
      const lock = newLock();
      expect(outcomeOf(lock.deferUntilLocked(100)).value).toBe(undefined);
      expect(lock.locked).toBe(true);
    });

    it('looks every second, and fires when the lock is free', () => {
      const holder = heldLock();
      const lock = newLock();
      const outcome = outcomeOf(lock.deferUntilLocked());
      clock.advance(5000);
      holder.unlock();
      clock.advance(999);
      expect(outcome.value).toBe(none);
      clock.advance(1);
      expect([outcome.value, lock.locked]).toEqual([undefined, true]);
    });

    it('looks as often as it is told to', () => {
      const holder = heldLock();
      const lock = new DeferredFilesystemLock(path, clock, { pollMs: 50 });
      const outcome = outcomeOf(lock.deferUntilLocked());
      holder.unlock();
      clock.advance(50);
      expect(outcome.value).toBe(undefined);
    });

    it('fails after the time that was allowed, and can be asked again', () => {
      const holder = heldLock();
      const lock = newLock();
      const outcome = outcomeOf(lock.deferUntilLocked(2500));
      clock.advance(2499);
      expect(outcome.value).toBe(none);
      clock.advance(1);
      expect(outcome.value).toBeInstanceOf(TimeoutError);
      holder.unlock();
      expect(outcomeOf(lock.deferUntilLocked()).value).toBe(undefined);
    });

    it('looks once more when the time is up', () => {
      const holder = heldLock();
      const lock = newLock();
      const outcome = outcomeOf(lock.deferUntilLocked(500));
      holder.unlock();
      clock.advance(500);
      expect([outcome.value, lock.locked]).toEqual([undefined, true]);
    });

    it('fails where the reactor is stopped, and can be asked again', () => {
      const holder = heldLock();
      const lock = newLock();
      const outcome = outcomeOf(lock.deferUntilLocked(5000));
      clock.advance(1500);
      clock.dropCalls();
      expect(outcome.value).toBeInstanceOf(ReactorStoppedError);
      const again = outcomeOf(lock.deferUntilLocked(5000));
      holder.unlock();
      clock.advance(1000);
      expect([again.value, lock.locked]).toEqual([undefined, true]);
    });

    it('waits no more when it is cancelled', () => {
      const holder = heldLock();
      const lock = newLock();
      const waiting = lock.deferUntilLocked(5000);
      waiting.cancel();
      expect(outcomeOf(waiting).value).toBeInstanceOf(CancelledError);
      holder.unlock();
      clock.advance(10_000);
      expect(lock.locked).toBe(false);
    });

    it('fails where the lock is held or waited for by the same object', () => {
      const lock = heldLock();
      expect(outcomeOf(lock.deferUntilLocked()).value).toBeInstanceOf(AlreadyLockingError);
      const other = newLock();
      const waiting = other.deferUntilLocked();
      expect(outcomeOf(other.deferUntilLocked()).value).toMatchObject({ path });
      outcomeOf(waiting);
      waiting.cancel();
    });

    it('fails with what goes wrong while it waits', () => {
      heldLock();
      const outcome = outcomeOf(newLock().deferUntilLocked(5000));
      rmSync(folder, { recursive: true });
      clock.advance(1000);
      expect(outcome.value).toMatchObject({ code: 'ENOENT' });
      mkdirSync(folder);
    });
  });

  it('is held by nobody where there is none, and by somebody where it can not be read', () => {
    expect(isLocked(path)).toBe(false);
    writeFileSync(path, '');
    expect(isLocked(path)).toBe(true);
  });

  describe('that was left behind', () => {
    it('is taken over when its process has died', async () => {
      await using holder = new Child(HOLDER, [path]);
      await holder.printed(/^locked\n/);
      const lock = newLock();
      const outcome = outcomeOf(lock.deferUntilLocked());
      clock.advance(10_000);
      expect(outcome.value).toBe(none);
      expect(isLocked(path)).toBe(true);
      holder.process.kill('SIGKILL');
      await holder.exited;
      expect(isLocked(path)).toBe(false);
      clock.advance(1000);
      expect([outcome.value, lock.locked, lock.clean]).toEqual([undefined, true, false]);
      expect(readdirSync(folder)).toEqual(['queue.lock']);
    });

    it('is taken over though the one who took it over before died at that', () => {
      for (let depth = 0; depth <= 3; depth++)
        symlinkSync(DEAD_MARK, path + '.break'.repeat(depth));
      expect(newLock().lock()).toBe(true);
      expect(readdirSync(folder)).toEqual(['queue.lock']);
    });

    it('is left alone where too many died at that', () => {
      for (let depth = 0; depth <= 4; depth++)
        symlinkSync(DEAD_MARK, path + '.break'.repeat(depth));
      expect(newLock().lock()).toBe(false);
    });

    it('is left alone while somebody else takes it over', () => {
      symlinkSync(DEAD_MARK, path);
      const other = new DeferredFilesystemLock(`${path}.break`, clock);
      other.lock();
      expect(newLock().lock()).toBe(false);
      other.unlock();
      expect(newLock().lock()).toBe(true);
    });

    it('is left alone where it is a file, or anything else that is no mark', () => {
      writeFileSync(path, DEAD_MARK);
      expect(newLock().lock()).toBe(false);
      unlinkSync(path);
      symlinkSync('2147483646', path);
      expect(newLock().lock()).toBe(false);
    });

    it('is taken over by one of many, again and again', async () => {
      const counter = join(folder, 'counter');
      writeFileSync(counter, '0');
      const args = [path, counter, DEAD_MARK, '60'];
      const runs = await Promise.all([1, 2, 3].map(() => runProgram(CONTENDER, args)));
      expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
        Array(3).fill({ code: 0, stderr: '' }),
      );
      expect(readFileSync(counter, 'utf8')).toBe('180');
    });
  });
});

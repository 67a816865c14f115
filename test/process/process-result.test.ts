import { describe, expect, it } from 'vitest';
import { CancelledError, TimeoutError } from '../../src/index.js';
import {
  getProcessOutput,
  getProcessOutputAndValue,
  getProcessValue,
  ProcessFailedError,
  ProcessOutputLimitError,
} from '../../src/process/index.js';
import { contract } from '../support/contract.js';
import { needs } from '../support/platform.js';
import { ONE_POLLER } from '../support/reactors.js';
import { FakeProcesses } from './fake-processes.js';

const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };
const script = (text: string) => ({ args: ['-c', text], env });

contract(
  'running programs',
  (rig) => {
    const sh = '/bin/sh';

    it('returns the standard output', async () => {
      needs('descriptors');
      const output = await getProcessOutput(rig.reactor, sh, script('echo out; echo err >&2'));
      expect(output.toString()).toBe('out\n');
    });

    it('returns both outputs as one on request', async () => {
      const options = { ...script('echo a; exec 1>&-; echo b >&2'), errorToo: true };
      const output = await getProcessOutput(rig.reactor, sh, options);
      expect(output.toString().split('\n').sort()).toEqual(['', 'a', 'b']);
    });

    it('writes the input', async () => {
      const options = { env, input: Buffer.alloc(300_000, 'x') };
      const output = await getProcessOutput(rig.reactor, 'cat', options);
      expect(output.length).toBe(300_000);
      expect((await getProcessOutput(rig.reactor, 'cat', { env })).length).toBe(0);
    });

    it('fails with what the program said', async () => {
      const failed = getProcessOutput(rig.reactor, sh, script('echo "no \x1b luck" >&2; exit 3'));
      const error = await failed.then(undefined, (reason: unknown) => reason);
      expect(error).toBeInstanceOf(ProcessFailedError);
      expect((error as ProcessFailedError).message).toBe(
        '"/bin/sh": the process exited with 3: no  luck',
      );
      expect(error).toMatchObject({ cause: { exitCode: 3 }, executable: sh });
      expect((error as ProcessFailedError).stderr.toString()).toBe('no \x1b luck\n');
    });

    it('returns exit codes', async () => {
      expect(await getProcessValue(rig.reactor, sh, script('echo out; exit 4'))).toBe(4);
      expect(await getProcessValue(rig.reactor, 'true', { env })).toBe(0);
      await expect(getProcessValue(rig.reactor, sh, script('kill -9 $$'))).rejects.toMatchObject({
        code: 'ERR_PROCESS_FAILED',
        cause: { signal: 'SIGKILL' },
      });
    });

    it('returns outputs and exit code', async () => {
      const options = script('echo out; echo err >&2; exit 5');
      const { stdout, stderr, exitCode } = await getProcessOutputAndValue(rig.reactor, sh, options);
      expect([stdout.toString(), stderr.toString(), exitCode]).toEqual(['out\n', 'err\n', 5]);
    });

    it('kills a program that writes too much', async () => {
      const options = { ...script('yes'), maxBytes: 100_000 };
      await expect(getProcessOutput(rig.reactor, sh, options)).rejects.toThrow(
        ProcessOutputLimitError,
      );
      const exact = { ...script('printf 12345'), maxBytes: 5 };
      expect((await getProcessOutput(rig.reactor, sh, exact)).length).toBe(5);
    });

    it('kills a program that takes too long, and its group', async () => {
      const options = { ...script('sleep 60 & wait'), session: true, timeoutMs: 30 };
      await expect(getProcessOutput(rig.reactor, sh, options)).rejects.toThrow(TimeoutError);
    });

    it('kills a program when its signal is aborted', async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const value = getProcessValue(rig.reactor, sh, { ...script('sleep 60'), signal });
      controller.abort();
      await expect(value).rejects.toThrow(CancelledError);
    });

    it('throws if the program does not exist', () => {
      expect(() => getProcessOutput(rig.reactor, 'no-such-program', { env })).toThrow(
        expect.objectContaining({ code: 'ERR_SPAWN' }),
      );
      expect(() => getProcessOutput(rig.reactor, 'echo hello', { env })).toThrow(
        /in PATH: arguments belong in args, and no shell is involved$/,
      );
    });
  },
  ONE_POLLER,
);

describe('getProcessValue', () => {
  it.each([{ timeoutMs: -1 }, { timeoutMs: 'soon' }, { signal: {} }, { maxBytes: -1 }])(
    'refuses %o before it starts the program',
    (options) => {
      const reactor = new FakeProcesses();
      expect(() => getProcessValue(reactor, 'true', options as never)).toThrow(
        /ERR_INVALID_ARG|must be/,
      );
      expect(reactor.started).toEqual([]);
    },
  );
});

describe('getProcessOutput', () => {
  it('refuses arguments in place of options, and a missing reactor', () => {
    const untyped = getProcessOutput as (...args: unknown[]) => unknown;
    expect(() => untyped(new FakeProcesses(), 'echo', ['hello'])).toThrow(
      'options of getProcessOutput must be a plain object, not an array: arguments of a program are { args: [...] }',
    );
    expect(() => untyped('echo', { args: ['hello'] })).toThrow(
      'reactor must be a reactor, not "echo"',
    );
  });
});

describe('ProcessFailedError', () => {
  it('is printed without the output', () => {
    const cause = new Error('m');
    const error = new ProcessFailedError('/x', cause as never, Buffer.alloc(9), Buffer.alloc(9));
    expect(Object.keys(error)).not.toContain('stdout');
  });
});

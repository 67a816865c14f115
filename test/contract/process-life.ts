/** The reactor and the life of its process: when it stays, when it goes, and signals. */
import { describe, expect, it } from 'vitest';
import { Child, runProgram } from '../support/child.js';
import { LACKS } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import type { ReactorMaker } from '../support/reactors.js';

export const PROGRAM = new URL('../lifecycle/programs/process-life.ts', import.meta.url);

export function checkProcess(reactors: readonly ReactorMaker[]): void {
  describe.concurrent.each(reactors.map(({ name }) => name))('a process (%s)', (name) => {
    it('ends by itself when the reactor is idle and does not run', async () => {
      const { code, stdout } = await runProgram(PROGRAM, [name, 'idle']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'idle\nexit\n' });
    });

    it('waits for delayed calls, and ends by itself after them', async () => {
      const { code, stdout } = await runProgram(PROGRAM, [name, 'delayed']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'waiting\ncalled\nexit\n' });
    });

    it('ends by itself after the last connection and port are closed', async () => {
      const { code, stdout } = await runProgram(PROGRAM, [name, 'last-connection']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'pong\nlost\nexit\n' });
    });

    it('stays while the reactor runs, with nothing else to do, and ends after stop', async () => {
      const { code, stdout } = await runProgram(PROGRAM, [name, 'run']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'running\nstopped\nexit\n' });
    });

    it('stays while a port listens', async () => {
      const child = new Child(PROGRAM, [name, 'listen']);
      try {
        await child.printed(/listening\n/);
        await child.printed(/still here\n/);
        expect(child.stdout).not.toContain('exit');
      } finally {
        await child[Symbol.asyncDispose]();
      }
    });

    it('ends after the reactor was disposed of, whatever was open', async () => {
      const { code, stdout } = await runProgram(PROGRAM, [name, 'dispose']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'disposed\nexit\n' });
    });

    it.for(['SIGINT', 'SIGTERM'] as const)(
      'stops in good order at %s',
      async (signal, { skip }) => {
        if (LACKS.signals !== undefined) skip(LACKS.signals);
        const child = new Child(PROGRAM, [name, 'signals']);
        try {
          await child.printed(/running\n/);
          child.process.kill(signal);
          const { code, stdout } = await child.result();
          expect(stdout).toBe('running\nbefore shutdown\nlost ConnectionLost\nstopped\nexit\n');
          expect(code).toBe(0);
        } finally {
          await child[Symbol.asyncDispose]();
        }
      },
    );

    it('ends after a peer that sends and reads slowly has the whole answer', async ({ skip }) => {
      if (LACKS.signals !== undefined) skip(LACKS.signals);
      const answerBytes = 1_000_000;
      await using child = new Child(PROGRAM, [name, 'answers', String(answerBytes)]);
      const [, port] = await child.printed(/port (\d+)\n/);
      await using peer = await RawPeer.connect(Number(port));
      peer.socket.pause();
      peer.write('request');
      await child.printed(/answered\n/);
      peer.write('more');
      child.process.kill('SIGTERM');
      // Far fewer than the lingering rules allow.
      for (let i = 0; i < 20_000 && !peer.ended && !peer.closed; i++) {
        peer.write(Buffer.alloc(1_000));
        await new Promise<void>((resolve) => void setImmediate(resolve));
        peer.socket.read();
      }
      expect({ bytes: peer.receivedBytes, error: peer.error }).toEqual({ bytes: answerBytes });
      peer.end();
      const { code, stdout } = await child.result();
      expect(stdout).toMatch(/stopped by SIGTERM\nexit\n$/);
      expect(code).toBe(0);
    });

    it.for([
      [
        'stops every reactor at one signal',
        'two-reactors',
        'other: before shutdown\nstopped by SIGTERM, SIGTERM\nexit\n',
      ],
      [
        'stops the reactor that is left',
        'second-reactor',
        'other: before shutdown\nstopped by SIGTERM, undefined\nexit\n',
      ],
      ['stops a reactor that is starting', 'signal-at-startup', 'stopped by SIGTERM\nexit\n'],
      [
        'leaves a signal to a handler of the program',
        'own-handler',
        'own handler\nstopped by undefined\nexit\n',
      ],
    ] as const)('%s', async ([, scene, stdout], { skip }) => {
      if (LACKS.signals !== undefined) skip(LACKS.signals);
      const child = new Child(PROGRAM, [name, scene]);
      try {
        await child.printed(/running\n/);
        child.process.kill('SIGTERM');
        expect(await child.result()).toMatchObject({ code: 0, stdout: `running\n${stdout}` });
      } finally {
        await child[Symbol.asyncDispose]();
      }
    });

    it('resets connections at a second signal while bytes are unsent', async ({ skip }) => {
      if (LACKS.signals !== undefined) skip(LACKS.signals);
      const child = new Child(PROGRAM, [name, 'signal-while-draining']);
      try {
        await child.printed(/running\n/);
        child.process.kill('SIGTERM');
        await child.printed(/draining\n/);
        child.process.kill('SIGINT');
        const { code, stdout } = await child.result();
        const end = 'lost ConnectionLost\nstopped by SIGTERM\nexit\n';
        expect({ code, stdout }).toEqual({ code: 0, stdout: `running\ndraining\n${end}` });
      } finally {
        await child[Symbol.asyncDispose]();
      }
    });

    it('ends by a signal once no reactor runs any more', async ({ skip }) => {
      if (LACKS.signals !== undefined) skip(LACKS.signals);
      const child = new Child(PROGRAM, [name, 'default-returns']);
      try {
        await child.printed(/running\n/);
        child.process.kill('SIGTERM');
        expect(await child.result()).toMatchObject({ signal: 'SIGTERM', stdout: 'running\n' });
      } finally {
        await child[Symbol.asyncDispose]();
      }
    });

    it('ends by a signal as ever when the reactor installs no handlers', async ({ skip }) => {
      if (LACKS.signals !== undefined) skip(LACKS.signals);
      const child = new Child(PROGRAM, [name, 'no-signals']);
      try {
        await child.printed(/running\n/);
        child.process.kill('SIGTERM');
        const { signal, stdout } = await child.result();
        expect({ signal, stdout }).toEqual({ signal: 'SIGTERM', stdout: 'running\n' });
      } finally {
        await child[Symbol.asyncDispose]();
      }
    });
  });
}

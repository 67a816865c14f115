/** A window of X11 in the process of an echo server: examples/x11-window.ts, in an X server without a screen. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { ExampleServer, KINDS, on } from '../../examples/programs.js';
import { Pulse, within } from '../../support/deadline.js';

const PROGRAMS = ['Xvfb', 'xdotool', 'xwininfo'];
const missing = PROGRAMS.filter((name) => {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`]);
    return false;
  } catch {
    return true;
  }
});

/** An X server on a free display. */
async function startX(): Promise<{ display: string } & Disposable> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '640x480x24'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const lines = createInterface({ input: server.stdio[3] as NodeJS.ReadableStream });
  const [number] = await within(
    new Promise<string[]>((resolve) => lines.once('line', (line) => resolve([line]))),
    'the X server',
  );
  return { display: `:${number}`, [Symbol.dispose]: () => void server.kill() };
}

describe.skipIf(missing.length > 0).each(KINDS)(
  `x11-window (%s)${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  (kind) => {
    it('resizes its window with each connection, and ends by a key', async () => {
      using x = await startX();
      const env = { ...on(kind).env, DISPLAY: x.display };
      await using program = await ExampleServer.start('x11-window', [], { env });
      const [, window = ''] = /window (\d+)/.exec(program.stdout) ?? [];
      /** 0 while the X server has not received the requests that make the window. */
      const width = (): number => {
        const { stdout } = spawnSync('xwininfo', ['-id', window], {
          env: { ...process.env, DISPLAY: x.display },
          encoding: 'utf8',
        });
        return Number(/Width: (\d+)/.exec(stdout)?.[1] ?? 0);
      };
      const until = async (pixels: number): Promise<void> => {
        const pulse = new Pulse();
        const timer = setInterval(() => pulse.notify(), 50);
        await pulse
          .until(() => width() === pixels, `a width of ${pixels}`)
          .finally(() => {
            clearInterval(timer);
          });
      };
      await until(50);
      const sockets = [connect(program.port, '127.0.0.1'), connect(program.port, '127.0.0.1')];
      await until(150);
      sockets[0]?.write('over the window');
      const echo = await within(
        new Promise<string>((resolve) => sockets[0]?.once('data', (data) => resolve(String(data)))),
        'the echo',
      );
      expect(echo).toBe('over the window');
      sockets[1]?.end();
      await until(100);
      // Not `key`, whose second event may find the window gone.
      execFileSync('xdotool', ['keydown', '--window', window, 'q'], {
        env: { ...process.env, DISPLAY: x.display },
      });
      expect(await program.result()).toMatchObject({ code: 0, stderr: '' });
      sockets[0]?.destroy();
    });
  },
);

/**
 * The windows of examples/ on a display of their own: what they show, their button, and their end. ROPEWALK_SCREENSHOTS names a
 * folder for pictures of them.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { voluntarySwitches } from '../../../bench/foreign/wake-ups.js';
import { compileQtWindow } from '../../../examples/windows/qt-compile.js';
import { exampleUrl } from '../../examples/programs.js';
import { Child } from '../../support/child.js';
import { PATIENCE } from '../../support/deadline.js';
import { RawPeer, RawServer } from '../../support/raw-peer.js';
import { Display, eventually, HAS_DISPLAY, hasLibrary, hasQt, type Picture } from './display.js';

const TITLE = 'Echo server';
/** The button is as wide as the window. Below this line of pixels there is only the table. */
const BUTTON = { x: 280, y: 44 };
const TABLE_TOP = 70;
/** The texts of a row have more pixels than this. */
const ROW_PIXELS = 400;
const { ROPEWALK_SCREENSHOTS: SCREENSHOTS } = process.env;

interface Toolkit {
  readonly name: string;
  readonly example: string;
  readonly args: readonly string[];
}

const TOOLKITS: readonly Toolkit[] = [
  { name: 'GTK 4', example: 'gtk-window', args: ['--gtk', '4'] },
  { name: 'GTK 3', example: 'gtk-window', args: ['--gtk', '3'] },
  { name: 'Qt 6', example: 'qt-window', args: ['--qt', '6'] },
  { name: 'Qt 5', example: 'qt-window', args: ['--qt', '5'] },
  { name: 'Tk 8.6', example: 'tk-window', args: [] },
];

function isInstalled({ name }: Toolkit): boolean {
  const [family, version = ''] = name.split(' ');
  return family === 'Qt'
    ? hasQt(version)
    : hasLibrary(family === 'GTK' ? `libgtk-${version}.so.` : `libtk${version}.so`);
}

/** An example that shows its window. */
class WindowProgram extends Child {
  port = 0;
  dashboard = '';
  window = '';

  static async start({ example, args }: Toolkit, display: Display): Promise<WindowProgram> {
    const port = await freePort();
    const flags = ['--port', `${port}`, '--dashboard-port', '0', ...args];
    const program = new WindowProgram(exampleUrl(example), flags, { env: display.env });
    try {
      const [, dashboard = ''] = await program.printed(
        /dashboard at (\S+), listening on port \d+\n/,
      );
      const window = await display.window(TITLE);
      return Object.assign(program, { port, dashboard, window });
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** A listener that is stopped and started again keeps its port only if it was requested by number. */
async function freePort(): Promise<number> {
  await using server = await RawServer.listen();
  return server.port;
}

async function echoes(peer: RawPeer, bytes: number): Promise<void> {
  const before = peer.receivedBytes;
  peer.write('x'.repeat(bytes));
  await peer.until(() => peer.receivedBytes === before + bytes, 'echo');
}

async function accepts(port: number): Promise<boolean> {
  try {
    await using peer = await RawPeer.connect(port);
    await echoes(peer, 1);
    return true;
  } catch {
    return false;
  }
}

let display: Display;

async function save(window: string, { name }: Toolkit, state: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await display.save(window, join(SCREENSHOTS, `${name.replace(' ', '')}-${state}.png`));
}

describe.runIf(HAS_DISPLAY)('an echo server with a window', { timeout: 60_000 * PATIENCE }, () => {
  beforeAll(async () => {
    display = await Display.start();
  });

  afterAll(async () => {
    await display?.[Symbol.asyncDispose]();
  });

  describe.each(TOOLKITS.filter(isInstalled))('of $name', (toolkit) => {
    beforeAll(async () => {
      const version = /^Qt (.)/.exec(toolkit.name)?.[1];
      if (version !== undefined) await compileQtWindow(version);
    }, 120_000 * PATIENCE);

    it('shows each connection while it is open', async () => {
      await using program = await WindowProgram.start(toolkit, display);
      const { window, port } = program;
      const changed = (than: Picture) => (picture: Picture) =>
        picture.differences(than, TABLE_TOP) > 0;
      const empty = await display.picture(window);
      await using first = await RawPeer.connect(port);
      await echoes(first, 100);
      const one = await display.until(window, 'a row', changed(empty));
      const others = await Promise.all([1, 2, 3, 4].map(() => RawPeer.connect(port)));
      await Promise.all(others.map((peer) => echoes(peer, 100)));
      await display.until(
        window,
        'four more rows',
        (picture) => picture.differences(one, TABLE_TOP) > 4 * ROW_PIXELS,
      );
      await save(window, toolkit, 'five');
      for (const peer of [first, ...others]) await peer[Symbol.asyncDispose]();
      const same = (picture: Picture): boolean => picture.differences(empty) === 0;
      await display.until(window, 'no row', same);
      expect(await (await fetch(program.dashboard)).text()).toContain('<title>');
      expect(program.closed).toBe(false);
    });

    it('stops and starts the listener by its button', async () => {
      await using program = await WindowProgram.start(toolkit, display);
      const { window, port } = program;
      await using peer = await RawPeer.connect(port);
      await display.click(window, BUTTON.x, BUTTON.y);
      await eventually('a closed port', async () => (await accepts(port)) === false || undefined);
      await echoes(peer, 10);
      await save(window, toolkit, 'stopped');
      await display.click(window, BUTTON.x, BUTTON.y);
      await eventually('an open port', async () => (await accepts(port)) || undefined);
    });

    it('continues if the listener cannot be started', async () => {
      await using program = await WindowProgram.start(toolkit, display);
      const { window, port } = program;
      await display.click(window, BUTTON.x, BUTTON.y);
      await eventually('a closed port', async () => (await accepts(port)) === false || undefined);
      await using taken = await RawServer.listen('127.0.0.1', port);
      await display.click(window, BUTTON.x, BUTTON.y);
      await eventually('a report', async () => program.stderr.includes('EADDRINUSE') || undefined);
      await taken[Symbol.asyncDispose]();
      await display.click(window, BUTTON.x, BUTTON.y);
      await eventually('an open port', async () => (await accepts(port)) || undefined);
    });

    it('does not wake up while nothing happens', async () => {
      await using program = await WindowProgram.start(toolkit, display);
      const { pid = 0 } = program.process;
      await eventually('two seconds without a wake-up', async () => {
        const before = voluntarySwitches(pid);
        await setTimeout(2_000);
        return voluntarySwitches(pid) === before || undefined;
      });
    });

    it('ends when its window is closed', async () => {
      await using program = await WindowProgram.start(toolkit, display);
      await using peer = await RawPeer.connect(program.port);
      await echoes(peer, 10);
      await display.close(TITLE);
      await peer.untilEnded();
      expect(await program.result()).toMatchObject({ code: 0, signal: null, stderr: '' });
      await eventually(
        'no window',
        async () => (await display.titles())?.length === 0 || undefined,
      );
    });

    // GDK 4.8 ends the process by an assertion.
    it.skipIf(toolkit.name === 'GTK 4')(
      'ends when another program destroys its window',
      async () => {
        await using program = await WindowProgram.start(toolkit, display);
        await display.destroy(program.window);
        expect(await program.result()).toMatchObject({ code: 0, signal: null });
      },
    );

    it('closes its window at SIGTERM', async () => {
      await using program = await WindowProgram.start(toolkit, display);
      await using peer = await RawPeer.connect(program.port);
      await echoes(peer, 10);
      program.process.kill('SIGTERM');
      await peer.untilEnded();
      expect(await program.result()).toMatchObject({ code: 0, signal: null, stderr: '' });
      await eventually(
        'no window',
        async () => (await display.titles())?.length === 0 || undefined,
      );
    });
  });
});

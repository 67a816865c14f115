/** A window of SDL 2, whose connection to the display is the descriptor of a foreign loop. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../../support/child.js';
import { PATIENCE } from '../../support/deadline.js';
import { RawPeer } from '../../support/raw-peer.js';
import { Display, HAS_DISPLAY, hasLibrary } from './display.js';

const PROGRAM = new URL('../programs/sdl-window.ts', import.meta.url);
const AVAILABLE = HAS_DISPLAY && hasLibrary('libSDL2-2.0.so.0');
const TITLE = 'SDL window';

let display: Display;

describe.runIf(AVAILABLE)('an SDL window', { timeout: 60_000 * PATIENCE }, () => {
  beforeAll(async () => {
    display = await Display.start();
  });

  afterAll(async () => {
    await display?.[Symbol.asyncDispose]();
  });

  it('gets its events while a server echoes in its thread', async () => {
    await using program = new Child(PROGRAM, [], { env: display.env });
    const [, port] = await program.printed(/listening on port (\d+)\n/);
    const window = await display.window(TITLE);
    await using peer = await RawPeer.connect(Number(port));
    peer.write('before');
    await peer.receive(6);
    await display.click(window, 50, 50);
    await program.printed(/pressed\n/);
    peer.write('behind');
    await peer.receive(12);
    await display.close(TITLE);
    expect(await program.result()).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(program.stdout).toContain('stopped');
  });
});

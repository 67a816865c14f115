/** A display of its own for windows, with a window manager: Xvfb and openbox, looked at and used by ImageMagick, xdotool and wmctrl. */
import { execFile, spawnSync } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DEADLINE_MS } from '../../support/deadline.js';
import { hasProgram, PeerProgram } from '../../support/peers.js';
import { havePrograms, PeerFiles } from '../peer-files.js';

const run = promisify(execFile);

export const HAS_DISPLAY: boolean = havePrograms('Xvfb', 'openbox', 'xdotool', 'wmctrl', 'import');

/** Whether the system's loader finds a library. A missing one is named aloud. */
export function hasLibrary(name: string): boolean {
  const { stdout } = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' });
  const found = stdout?.includes(name) ?? false;
  if (!found) console.warn(`skipped: there is no ${name} here`);
  return found;
}

/** Whether a library of Qt can be compiled. A missing version is named aloud. */
export function hasQt(version: string): boolean {
  const { status } = spawnSync('pkg-config', ['--exists', `Qt${version}Widgets`]);
  const found = status === 0 && hasProgram('g++');
  if (!found) console.warn(`skipped: there is no g++ with Qt ${version} here`);
  return found;
}

const BYTES_PER_PIXEL = 3;
const MAX_PICTURE_BYTES = 1 << 24;

/** What a window shows. */
export class Picture {
  readonly width: number;
  readonly pixels: Buffer;

  constructor(width: number, pixels: Buffer) {
    this.width = width;
    this.pixels = pixels;
  }

  /** The number of pixels from line `top` on that differ; all of them if the sizes do. */
  differences(other: Picture, top = 0): number {
    if (other.pixels.length !== this.pixels.length) return this.pixels.length / BYTES_PER_PIXEL;
    let count = 0;
    const from = top * this.width * BYTES_PER_PIXEL;
    for (let i = from; i < this.pixels.length; i += BYTES_PER_PIXEL) {
      const same = this.pixels.compare(
        other.pixels,
        i,
        i + BYTES_PER_PIXEL,
        i,
        i + BYTES_PER_PIXEL,
      );
      if (same !== 0) count += 1;
    }
    return count;
  }
}

export class Display implements AsyncDisposable {
  /** `:99`. */
  readonly name: string;
  readonly #files = new PeerFiles();
  readonly #server: PeerProgram;
  readonly #windowManager: PeerProgram;

  private constructor(name: string, server: PeerProgram, windowManager: PeerProgram) {
    this.name = name;
    this.#server = server;
    this.#windowManager = windowManager;
  }

  static async start(): Promise<Display> {
    const screen = ['-screen', '0', '800x600x24', '-nolisten', 'tcp', '-noreset'];
    const server = new PeerProgram('Xvfb', ['-displayfd', '1', ...screen]);
    await server.until(() => /\d+\n/.test(server.stdout), 'to have a display');
    const name = `:${server.stdout.trim()}`;
    const windowManager = new PeerProgram('env', [`DISPLAY=${name}`, 'openbox']);
    const display = new Display(name, server, windowManager);
    await eventually('a window manager', async () => (await display.titles()) ?? undefined);
    return display;
  }

  /** The environment of programs with windows. */
  get env(): Record<string, string> {
    return {
      DISPLAY: this.name,
      WAYLAND_DISPLAY: '',
      GDK_BACKEND: 'x11',
      // Neither the buses of the desktop nor the graphics card, which a display in memory lacks.
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
      GSETTINGS_BACKEND: 'memory',
      GSK_RENDERER: 'cairo',
      GTK_A11Y: 'none',
      NO_AT_BRIDGE: '1',
      QT_QPA_PLATFORM: 'xcb',
      XDG_RUNTIME_DIR: this.#files.folder,
    };
  }

  /** The titles of the windows; undefined if there is no window manager yet. */
  async titles(): Promise<string[] | undefined> {
    try {
      const list = (await this.#run('wmctrl', '-l')).toString();
      return list.split('\n').flatMap((line) => /^\S+ +\S+ +\S+ (.*)$/.exec(line)?.[1] ?? []);
    } catch {
      return undefined;
    }
  }

  /** The window with that title, once it is shown and does not change any more. */
  async window(title: string): Promise<string> {
    return await eventually(`a window "${title}"`, async () => {
      if (!(await this.titles())?.includes(title)) return undefined;
      const found = await this.#run('xdotool', 'search', '--onlyvisible', '--name', `^${title}$`);
      const id = found.toString().trim();
      return (await this.picture(id)).differences(await this.picture(id)) === 0 ? id : undefined;
    });
  }

  async picture(window: string): Promise<Picture> {
    const geometry = (
      await this.#run('xdotool', 'getwindowgeometry', '--shell', window)
    ).toString();
    const width = Number(/WIDTH=(\d+)/.exec(geometry)?.[1]);
    return new Picture(
      width,
      await this.#run('import', '-silent', '-window', window, '-depth', '8', 'rgb:-'),
    );
  }

  /** Waits until the window shows what is wanted. */
  async until(
    window: string,
    what: string,
    shown: (picture: Picture) => boolean,
  ): Promise<Picture> {
    return await eventually(what, async () => {
      const picture = await this.picture(window);
      return shown(picture) ? picture : undefined;
    });
  }

  /** Writes a picture of a window to a file, for people. */
  async save(window: string, file: string): Promise<void> {
    await this.#run('import', '-silent', '-window', window, file);
  }

  async click(window: string, x: number, y: number): Promise<void> {
    await this.#run('xdotool', 'mousemove', '--window', window, `${x}`, `${y}`, 'click', '1');
  }

  /** Asks the window manager to close a window, as a click at its cross does. */
  async close(title: string): Promise<void> {
    await this.#run('wmctrl', '-c', title);
  }

  /** Destroys a window without asking its program. */
  async destroy(window: string): Promise<void> {
    await this.#run('xdotool', 'windowclose', window);
  }

  async #run(command: string, ...args: string[]): Promise<Buffer> {
    const env = { ...process.env, DISPLAY: this.name };
    const options = { env, maxBuffer: MAX_PICTURE_BYTES, encoding: 'buffer' } as const;
    return (await run(command, args, options)).stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#windowManager[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    this.#files.remove();
  }
}

/** Looks until something is found: other programs do not tell of their changes. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 2 * DEADLINE_MS;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await setImmediate();
  }
  throw new Error(`waited ${2 * DEADLINE_MS} ms for ${what}`);
}

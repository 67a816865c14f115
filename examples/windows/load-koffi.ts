/** Loads koffi, which calls C libraries and is not a dependency of Ropewalk, when a window is opened. */
import { MissingToolkitError } from './connections-window.js';

export type Koffi = typeof import('koffi').default;
export type Library = ReturnType<Koffi['load']>;

export async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default;
  } catch (error) {
    throw new MissingToolkitError('this program needs koffi: npm install koffi', { cause: error });
  }
}

/** A toolkit without a display ends the process or waits, so this is checked first. */
export function checkDisplay(): void {
  const { DISPLAY = '', WAYLAND_DISPLAY = '' } = process.env;
  if (DISPLAY + WAYLAND_DISPLAY !== '') return;
  throw new MissingToolkitError(
    'there is no display: set DISPLAY or WAYLAND_DISPLAY, or run the program by xvfb-run',
  );
}

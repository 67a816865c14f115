/** What the examples with windows say if something is missing. test/interop/foreign has their windows. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { exampleUrl } from './programs.js';

const NO_DISPLAY = { DISPLAY: '', WAYLAND_DISPLAY: '' };
const FLAGS = ['--port', '0', '--dashboard-port', '0'];

describe('an example with a window', () => {
  it.each(['gtk-window', 'qt-window', 'tk-window'])(
    '%s says that there is no display',
    async (name) => {
      const { code, stdout, stderr } = await runProgram(exampleUrl(name), FLAGS, {
        env: NO_DISPLAY,
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(new RegExp(`^${name}: there is no display: set DISPLAY .*\n$`));
    },
  );

  it.each([
    ['gtk-window', '--gtk', '5', 'there is no binding to GTK 5, only to 4 and 3'],
    ['qt-window', '--qt', '7', 'there is no binding to Qt 7, only to 6 and 5'],
  ])('%s refuses unknown versions', async (name, flag, version, message) => {
    const env = { DISPLAY: ':no-such-display' };
    const result = await runProgram(exampleUrl(name), [...FLAGS, flag, version], { env });
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: `${name}: ${message}\n` });
  });
});

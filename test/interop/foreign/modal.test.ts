/** A modal dialog of Qt: its loop, inside a callback of the attached one, serves the reactor and Node. */
import { describe, expect, it } from 'vitest';
import { compileQt } from '../../../examples/windows/qt-compile.js';
import { runProgram } from '../../support/child.js';
import { PATIENCE } from '../../support/deadline.js';
import { Display, HAS_DISPLAY, hasQt } from './display.js';

const SOURCE = new URL('../programs/qt-modal.cpp', import.meta.url);
const PROGRAM = new URL('../programs/qt-modal.ts', import.meta.url);

describe.runIf(HAS_DISPLAY)('a modal dialog', { timeout: 120_000 * PATIENCE }, () => {
  it.each(['6', '5'].filter(hasQt))(
    'of Qt %s serves sockets, timers and promises',
    async (version) => {
      await using display = await Display.start();
      await compileQt(SOURCE, version); // while there is no deadline
      const result = await runProgram(PROGRAM, [version], { env: display.env });
      expect(result).toMatchObject({ code: 0, stdout: 'the dialog was closed\n', stderr: '' });
    },
  );
});

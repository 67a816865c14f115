/** Draws a screen on another terminal. */
import type { ScreenBuffer } from './screen-buffer.js';
import { Mode, PrivateMode, type Terminal } from './terminal.js';
import { PLAIN, renditionOf, sameStyle } from './text-style.js';

/**
 * Makes a terminal of at least the same size show what `screen` shows, and its cursor: for a client that attaches to a running
 * program.
 */
export function drawScreen(screen: ScreenBuffer, terminal: Terminal): void {
  terminal.selectGraphicRendition([]);
  terminal.resetModes([Mode.insert]);
  terminal.setScrollRegion();
  terminal.eraseDisplay();
  for (let row = 0; row < screen.rows; row++) drawRow(screen, row, terminal);
  terminal.selectGraphicRendition([0, ...renditionOf(screen.style)]);
  const { column, row } = screen.cursor;
  terminal.cursorPosition(Math.min(column, screen.columns - 1), row);
  if (screen.hasPrivateMode(PrivateMode.showCursor)) {
    terminal.setPrivateModes([PrivateMode.showCursor]);
  } else terminal.resetPrivateModes([PrivateMode.showCursor]);
}

function drawRow(screen: ScreenBuffer, row: number, terminal: Terminal): void {
  const cells = Array.from({ length: screen.columns }, (_, column) => screen.cell(column, row));
  let end = cells.length;
  while (
    end > 0 &&
    cells[end - 1]?.text === ' ' &&
    sameStyle(cells[end - 1]?.style ?? PLAIN, PLAIN)
  ) {
    end -= 1;
  }
  if (end === 0) return;
  terminal.cursorPosition(0, row);
  let style = PLAIN;
  let text = '';
  for (const cell of cells.slice(0, end)) {
    if (!sameStyle(cell.style, style)) {
      if (text !== '') terminal.print(text);
      text = '';
      style = cell.style;
      terminal.selectGraphicRendition([0, ...renditionOf(style)]);
    }
    text += cell.text;
  }
  terminal.print(text);
  if (!sameStyle(style, PLAIN)) terminal.selectGraphicRendition([]);
}

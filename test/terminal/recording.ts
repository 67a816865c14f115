/** What parsers and interpreters make of bytes, in a form that does not depend on how the bytes are cut. */
import {
  ControlSequenceParser,
  type ControlSequenceParserOptions,
} from '../../src/terminal/control-sequence-parser.js';
import type { Key } from '../../src/terminal/key.js';
import { KeyParser } from '../../src/terminal/key-parser.js';
import type { Terminal } from '../../src/terminal/terminal.js';

export type Call = [name: string, ...args: unknown[]];

/** Records the operations that are called. Texts that are printed in a row are one. */
export function recordingTerminal(): { terminal: Terminal; calls: Call[] } {
  const calls: Call[] = [];
  const terminal = new Proxy({} as Terminal, {
    get:
      (_, name) =>
      (...args: unknown[]) => {
        const last = calls.at(-1);
        if (name === 'print' && last?.[0] === 'print') last[1] = `${last[1]}${args[0]}`;
        else calls.push([String(name), ...args]);
      },
  });
  return { terminal, calls };
}

export function controlEvents(
  chunks: readonly Uint8Array[],
  options: ControlSequenceParserOptions = {},
): string[] {
  const parser = new ControlSequenceParser(options);
  const events: string[] = [];
  let text = '';
  const end = (): void => {
    if (text !== '') events.push(`text ${text}`);
    text = '';
  };
  for (const chunk of chunks) {
    parser.receive(chunk);
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event === 'text') text += parser.text;
      else {
        end();
        if (event === 'control') events.push(`control ${parser.code}`);
        else if (event === 'string') events.push(`${parser.stringKind} ${parser.text}`);
        else events.push(`${event} ${JSON.stringify(parser.sequence).slice(7, -1)}`);
      }
    }
    chunk.fill(0xdb);
  }
  end();
  return events;
}

/** `C-`, `M-` and `S-` are Ctrl, Alt and Shift. */
export function keyText({ key, ctrl, alt, shift }: Key): string {
  return `${ctrl ? 'C-' : ''}${alt ? 'M-' : ''}${shift ? 'S-' : ''}${key}`;
}

/** @param flushed Whether time passes at the end. */
export function keyEvents(chunks: readonly Uint8Array[], flushed = true): string[] {
  const parser = new KeyParser();
  const events: string[] = [];
  let pasted = '';
  const take = (event: ReturnType<KeyParser['next']>): void => {
    if (event === 'paste') {
      pasted += parser.text;
      return;
    }
    if (pasted !== '') events.push(`paste ${JSON.stringify(pasted)}`);
    pasted = '';
    if (event === 'key') events.push(keyText(parser.key));
    else if (event === 'position')
      events.push(`position ${parser.position.column},${parser.position.row}`);
    else if (event === 'size') events.push(`size ${parser.size.columns}x${parser.size.rows}`);
    else if (event === 'sequence') events.push(`sequence ${JSON.stringify(parser.text)}`);
  };
  for (const chunk of chunks) {
    parser.receive(chunk);
    for (let event = parser.next(); event !== undefined; event = parser.next()) take(event);
    chunk.fill(0xdb);
  }
  take(flushed ? parser.flush() : undefined);
  return events;
}

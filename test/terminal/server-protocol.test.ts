import { describe, expect, it } from 'vitest';
import { ConnectionDone } from '../../src/core/errors/connection.js';
import { CancelledError, TimeoutError } from '../../src/defer/errors.js';
import { type Key, keyOf } from '../../src/terminal/key.js';
import type { Completion } from '../../src/terminal/line-editor.js';
import { LineEditorProtocol } from '../../src/terminal/line-editor-protocol.js';
import { PrivateMode } from '../../src/terminal/terminal.js';
import { TerminalClientProtocol } from '../../src/terminal/terminal-client-protocol.js';
import { TerminalProtocol } from '../../src/terminal/terminal-protocol.js';
import { TerminalServerProtocol } from '../../src/terminal/terminal-server-protocol.js';
import type { ScreenSize } from '../../src/terminal/terminal-size.js';
import { ManualClock, MemoryTransport } from '../../src/testing/index.js';
import { keyText } from './recording.js';

class Application extends TerminalProtocol {
  readonly events: string[] = [];

  override connectionMade(): void {
    this.events.push(`made ${this.terminal.size.columns}x${this.terminal.size.rows}`);
  }

  override keyReceived(key: Key): void {
    this.events.push(keyText(key));
    if (key.key === '!') throw new Error('the application fails');
  }

  override pasteReceived(text: string): void {
    this.events.push(`paste ${text}`);
  }

  override terminalSize({ columns, rows }: ScreenSize): void {
    this.events.push(`size ${columns}x${rows}`);
  }

  override unhandledControlSequence(sequence: string): void {
    this.events.push(`unknown ${JSON.stringify(sequence)}`);
  }

  override inputProcessed(): void {
    this.events.push('.');
  }

  override connectionLost(reason: Error): void {
    this.events.push(`lost ${reason.name}`);
  }
}

function serve<P extends TerminalProtocol>(
  application: P,
): {
  application: P;
  transport: MemoryTransport;
  clock: ManualClock;
  server: TerminalServerProtocol;
} {
  const clock = new ManualClock();
  const transport = new MemoryTransport({ reportError: () => {} });
  const server = new TerminalServerProtocol(() => application, { clock });
  transport.connect(server);
  return { application, transport, clock, server };
}

describe('TerminalServerProtocol', () => {
  it('passes on keys, pastes and other sequences', () => {
    const { application, transport } = serve(new Application());
    transport.receive('a\x1b[A\x1b[200~b');
    transport.receive('c\x1b[201~\x1b[?1;2c');
    expect(application.events).toEqual([
      'made 80x24',
      ...['a', 'ArrowUp', 'paste b', '.'],
      ...['paste c', 'unknown "\\u001b[?1;2c"', '.'],
    ]);
    transport.peerCloses();
    transport.settle();
    expect(application.events.at(-1)).toBe('lost ConnectionDone');
  });

  it('takes ESC for a key when nothing follows it', () => {
    const { application, transport, clock } = serve(new Application());
    transport.receive('\x1b');
    clock.advance(49);
    transport.receive('[A\x1b');
    expect(application.events.slice(1)).toEqual(['ArrowUp', '.']);
    clock.advance(50);
    expect(application.events.slice(3)).toEqual(['Escape', '.']);
    transport.receive('\x1b');
    transport.peerCloses();
    transport.settle();
    clock.advance(1000);
    expect(application.events.slice(5)).toEqual(['lost ConnectionDone']);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('limits how often the size changes, and clamps it', () => {
    const { application, transport, clock, server } = serve(new Application());
    for (let columns = 1; columns <= 1000; columns++) transport.receive(`\x1b[8;20;${columns}t`);
    expect(application.events).toEqual(['made 80x24', 'size 1x20', '.']);
    clock.advance(50);
    expect(application.events.slice(3)).toEqual(['size 1000x20', '.']);
    server.resize({ columns: 65_535, rows: 0 });
    clock.advance(50);
    expect(application.events.slice(5)).toEqual(['size 1000x24', '.']);
    expect(application.terminal.size).toEqual({ columns: 1000, rows: 24 });
    clock.advance(50);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('ends the connection if the application throws', () => {
    const { application, transport } = serve(new Application());
    transport.receive('!');
    transport.settle();
    expect(application.events.at(-1)).toBe('lost Error');
  });

  it('asks for the position of the cursor', () => {
    const { application, transport } = serve(new Application());
    const positions: unknown[] = [];
    for (let times = 0; times < 2; times++) {
      application.terminal
        .queryCursorPosition()
        .addBoth((position) => void positions.push(position));
    }
    expect(transport.text).toBe('\x1b[6n\x1b[6n');
    transport.receive('\x1b[5;10R');
    expect(positions).toEqual([{ column: 9, row: 4 }]);
    transport.peerCloses();
    transport.settle();
    expect(positions[1]).toMatchObject({ value: expect.any(ConnectionDone) });
  });

  it('writes with CRLF, and prints without control characters', () => {
    const { application, transport } = serve(new Application());
    application.terminal.write('a\nb\r\n');
    application.terminal.print('c\nd');
    expect(transport.text).toBe('a\r\nb\r\ncd');
  });

  it('stops reading while the peer does not read', () => {
    class Echo extends Application {
      override keyReceived(key: Key): void {
        this.terminal.write(key.key.repeat(10_000));
      }
    }
    const transport = new MemoryTransport({ capacity: 0 });
    transport.connect(new TerminalServerProtocol(() => new Echo(), { clock: new ManualClock() }));
    transport.receive('x'.repeat(1000));
    expect(transport.paused).toBe(true);
    expect(transport.bufferedBytes).toBeLessThan(100_000);
  });
});

/** Evaluates sums. */
class Calculator extends LineEditorProtocol {
  readonly lines: string[] = [];
  done: (() => void) | undefined;
  interrupts = 0;

  override lineReceived(line: string): PromiseLike<void> | void {
    this.lines.push(line);
    if (line === 'exit') this.loseConnection();
    else if (line === 'slow') return new Promise<void>((resolve) => (this.done = resolve));
    else this.terminal.write(`you said ${line}\n`);
  }

  override complete(text: string): Completion | PromiseLike<Completion> {
    const completion = {
      from: 0,
      candidates: ['exit', 'slow'].filter((word) => word.startsWith(text)),
    };
    return text === 's' ? Promise.resolve(completion) : completion;
  }

  override interruptReceived(): void {
    this.interrupts += 1;
  }
}

/** The screen of a client. */
function screenOf(transport: MemoryTransport): TerminalClientProtocol {
  const client = new TerminalClientProtocol();
  new MemoryTransport().connect(client);
  client.screen.write(transport.takeWritten());
  return client;
}

describe('LineEditorProtocol', () => {
  it('prompts, echoes and answers', () => {
    const { application, transport } = serve(new Calculator());
    transport.receive('one\rtwo\rth');
    expect(application.lines).toEqual(['one', 'two']);
    const { screen } = screenOf(transport);
    expect(screen.lines.slice(0, 5)).toEqual([
      '> one',
      'you said one',
      '> two',
      'you said two',
      '> th',
    ]);
    expect(screen.hasPrivateMode(PrivateMode.bracketedPaste)).toBe(true);
  });

  it('prompts again when the promise of a line is fulfilled, and keeps what was typed', async () => {
    const { application, transport } = serve(new Calculator());
    transport.receive('slow\rnext\r');
    expect(application.lines).toEqual(['slow']);
    transport.receive('\x03');
    expect(application.interrupts).toBe(1);
    transport.receive('after\r');
    application.done?.();
    await Promise.resolve();
    expect(application.lines).toEqual(['slow', 'after']);
  });

  it('completes, later too', async () => {
    const { application, transport } = serve(new Calculator());
    transport.receive('e\t\r');
    expect(application.lines).toEqual(['exit']);
    const second = serve(new Calculator());
    second.transport.receive('s\t');
    await Promise.resolve();
    second.transport.receive('\r');
    expect(second.application.lines).toEqual(['slow']);
  });

  it('closes on Ctrl-D, and restores the mode of pastes', () => {
    const { transport } = serve(new Calculator());
    transport.receive('\x04');
    transport.settle();
    expect(transport.text.endsWith('\x1b[?2004l')).toBe(true);
    expect(transport.connected).toBe(false);
  });

  it('prints above the line that is edited', () => {
    const { application, transport } = serve(new Calculator());
    transport.receive('abc');
    application.print('message');
    expect(screenOf(transport).screen.lines.slice(0, 2)).toEqual(['message', '> abc']);
  });

  it('ends the connection if a line is rejected', async () => {
    class Failing extends LineEditorProtocol {
      reason: Error | undefined;
      override async lineReceived(): Promise<void> {
        throw new Error('no');
      }
      override connectionLost(reason: Error): void {
        this.reason = reason;
      }
    }
    const { application, transport } = serve(new Failing());
    transport.receive('x\r');
    await Promise.resolve();
    await Promise.resolve();
    transport.settle();
    expect(application.reason).toMatchObject({ message: 'no' });
  });
});

describe('TerminalClientProtocol', () => {
  it('keeps a screen, and answers requests of the program', () => {
    const client = new TerminalClientProtocol({ columns: 20, rows: 4 });
    const transport = new MemoryTransport();
    transport.connect(client);
    transport.receive('hello\x1b[6n');
    expect(client.screen.lines[0]).toBe('hello');
    expect(transport.text).toBe('\x1b[1;6R');
  });

  it('does not answer a program that does not read', () => {
    const transport = new MemoryTransport({ capacity: 0 });
    transport.connect(new TerminalClientProtocol());
    for (let times = 0; times < 100; times++) transport.receive('\x1b[6n'.repeat(1000));
    expect(transport.bufferedBytes).toBeLessThan(70_000);
  });

  it('sends keys and pastes as the program asked for them', () => {
    const client = new TerminalClientProtocol();
    const transport = new MemoryTransport();
    transport.connect(client);
    client.sendKey(keyOf('ArrowUp'));
    client.paste('a\nb');
    transport.receive('\x1b[?1;2004h');
    client.sendKey(keyOf('ArrowUp'));
    client.paste('a\x1b[201~\nb');
    expect(transport.text).toBe('\x1b[Aa\rb\x1bOA\x1b[200~a[201~\rb\x1b[201~');
  });

  it('waits for text on the screen', () => {
    const client = new TerminalClientProtocol();
    const transport = new MemoryTransport();
    const clock = new ManualClock();
    transport.connect(client);
    const seen: unknown[] = [];
    const late = client.expect(/\$ $/m).addTimeout(100, clock);
    client.expect('1+1 (ok)').addCallback((match) => void seen.push(match[0]));
    late.addErrback((failure) => void seen.push(failure.value));
    client.expect(/never/).addErrback((failure) => void seen.push(failure.value));
    transport.receive('1+1');
    expect(seen).toEqual([]);
    transport.receive(' (ok)');
    expect(seen).toEqual(['1+1 (ok)']);
    clock.advance(100);
    expect(seen[1]).toBeInstanceOf(TimeoutError);
    transport.peerCloses();
    transport.settle();
    expect(seen[2]).toBeInstanceOf(ConnectionDone);
    client.expect('1+1').addCallback((match) => void seen.push(match[0]));
    client.expect('never').addErrback((failure) => void seen.push(failure.value));
    expect(seen.slice(3)).toEqual(['1+1', seen[2]]); // at once: the screen does not change any more
  });

  it('refuses the name of a key in place of a key', () => {
    const client = new TerminalClientProtocol();
    expect(() => client.sendKey('Escape' as never)).toThrow(
      'key must be an object, not "Escape": keyOf makes one of a name',
    );
  });

  it.each(['the text', 'the end'])('lets a callback cancel another expectation (%s)', (event) => {
    const client = new TerminalClientProtocol();
    const transport = new MemoryTransport();
    transport.connect(client);
    const errors: unknown[] = [];
    const first = client.expect('ok');
    const second = client.expect('ok');
    first.addBoth(() => second.cancel());
    second.addErrback(({ value }) => void errors.push(value));
    if (event === 'the text') transport.receive('ok');
    else {
      transport.peerCloses();
      transport.settle();
    }
    expect(errors).toEqual([expect.any(CancelledError)]);
    expect(transport.connected).toBe(event === 'the text');
  });
});

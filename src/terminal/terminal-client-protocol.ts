/** Runs a program at the other end of a connection on a screen in memory. */
import type { MaybeAsync } from '../core/maybe-async.js';
import { Protocol } from '../core/protocol.js';
import { HIGH_WATER_MARK_BYTES } from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';
import { checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { encodeKey } from './encode-key.js';
import type { Key } from './key.js';
import { ScreenBuffer } from './screen-buffer.js';
import { PrivateMode } from './terminal.js';
import type { ScreenSize } from './terminal-size.js';

export interface TerminalClientOptions extends Partial<ScreenSize> {
  /** The greatest number of rows kept above the screen. Default 1000. */
  readonly scrollbackRows?: number;
}

const OPTIONS: OptionNames<TerminalClientOptions> = {
  columns: true,
  rows: true,
  scrollbackRows: true,
};

interface Expectation {
  readonly pattern: RegExp;
  readonly shown: Deferred<RegExpExecArray>;
}

/**
 * The terminal of a program: the peer is a shell under a PTY, a telnet or SSH session, or a {@link TerminalServerProtocol}. Requests of
 * the program are answered, unless it does not read: answers are dropped while more than 64 KiB are unsent.
 */
export class TerminalClientProtocol extends Protocol {
  override readonly acceptsLentBytes = true;
  readonly screen: ScreenBuffer;
  readonly #expectations: Expectation[] = [];
  #lost: Error | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: TerminalClientOptions = {}) {
    super();
    checkOptions('TerminalClientProtocol', options, OPTIONS);
    this.screen = new ScreenBuffer({ ...options, onAnswer: (answer) => this.#answer(answer) });
  }

  /** The screen changed. */
  screenChanged(): MaybeAsync {}

  /** @throws InvalidArgumentValueError there is no such key. */
  sendKey(key: Key): void {
    const applicationCursorKeys = this.screen.hasPrivateMode(PrivateMode.applicationCursorKeys);
    this.transport.write(encodeKey(key, { applicationCursorKeys }));
  }

  /**
   * Sends text as if it was typed, or as a paste if the program asked for marked ones. In a paste it loses its control characters
   * except newlines and tabs: it could end the paste otherwise.
   * @throws InvalidArgumentTypeError
   */
  paste(text: string): void {
    checkString('text', text);
    const isMarked = this.screen.hasPrivateMode(PrivateMode.bracketedPaste);
    const clean = text.replace(/[^\P{Cc}\t\r\n]/gu, '').replace(/\r?\n/g, '\r');
    this.transport.write(isMarked ? `\x1b[200~${clean}\x1b[201~` : clean);
  }

  /**
   * Fires with the match when the text of the screen, rows separated by newlines, matches: at once, or after a change. Fails with
   * the reason when the connection is lost, or was lost before. Limit the time with `addTimeout`.
   * @param pattern Not one that is slow for some text: the program chooses the text.
   */
  expect(pattern: RegExp | string): Deferred<RegExpExecArray> {
    const expression = typeof pattern === 'string' ? expressionOf(pattern) : pattern;
    const shown = new Deferred<RegExpExecArray>(() => this.#drop(shown));
    this.#expectations.push({ pattern: expression, shown });
    this.#checkExpectations();
    if (this.#lost !== undefined) this.#failExpectations(this.#lost);
    return shown;
  }

  override dataReceived(data: Buffer): MaybeAsync {
    this.screen.write(data);
    this.#checkExpectations();
    return this.screenChanged();
  }

  override connectionLost(reason: Error): MaybeAsync {
    this.#lost = reason;
    this.#failExpectations(reason);
  }

  #failExpectations(reason: Error): void {
    for (const { shown } of this.#expectations.splice(0)) {
      if (!shown.fired) shown.errback(reason);
    }
  }

  #answer(answer: string): void {
    if (this.transport.bufferedBytes <= HIGH_WATER_MARK_BYTES) this.transport.write(answer);
  }

  #drop(shown: Deferred<RegExpExecArray>): void {
    const index = this.#expectations.findIndex((expectation) => expectation.shown === shown);
    if (index >= 0) this.#expectations.splice(index, 1);
  }

  /** In the order of the calls; one that is not met does not hold up others. */
  #checkExpectations(): void {
    if (this.#expectations.length === 0) return;
    const text = this.screen.toString();
    for (const { pattern, shown } of [...this.#expectations]) {
      // The callbacks of one caller may cancel the Deferred of another.
      if (shown.fired) continue;
      pattern.lastIndex = 0;
      const match = pattern.exec(text);
      if (match === null) continue;
      this.#drop(shown);
      shown.callback(match);
    }
  }
}

function expressionOf(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
}

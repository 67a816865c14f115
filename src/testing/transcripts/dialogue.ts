/** One run of a dialogue: a protocol plays one side on a memory transport, the transcript the other. */
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { MemoryTransport } from '../memory-transport.js';
import { compareLines, escapeBytes } from './difference.js';
import type { DialogueStep, DialogueTranscript } from './transcript.js';

/** The actions of one side until it is the other's turn. */
interface Turn {
  readonly side: DialogueStep['side'];
  readonly steps: readonly DialogueStep[];
}

/** Silence for this many turns of Node's loop is the end of an answer. */
const SILENT_TURNS = 3;

const setImmediateOfNode = setImmediate;

/** Plays a dialogue once: make another for each run. */
export class Dialogue {
  readonly #transcript: DialogueTranscript;
  readonly #side: DialogueStep['side'];
  readonly #transport: MemoryTransport = new MemoryTransport();
  /** Whether the protocol's side has closed, according to the transcript. */
  #closed = false;
  #otherClosed = false;

  constructor(
    transcript: DialogueTranscript,
    side: DialogueStep['side'],
    protocol: StreamProtocol,
  ) {
    this.#transcript = transcript;
    this.#side = side;
    this.#transport.connect(protocol);
  }

  /**
   * @param cut Cuts the bytes of one turn into the pieces that the protocol receives.
   * @throws AssertionError the protocol behaved differently from the transcript.
   */
  async play(cut: (bytes: Buffer) => readonly Buffer[]): Promise<void> {
    const turns = turnsOf(this.#transcript.steps);
    // The protocol has a turn before each of the other side's, even if it says nothing.
    if (turns[0]?.side !== this.#side) await this.#expect([]);
    for (const turn of turns) {
      if (turn.side === this.#side) await this.#expect(turn.steps);
      else this.#say(turn.steps, cut);
    }
    if (turns.at(-1)?.side !== this.#side) await this.#expect([]);
    this.#transport.abortConnection();
    this.#transport.settle();
  }

  #say(steps: readonly DialogueStep[], cut: (bytes: Buffer) => readonly Buffer[]): void {
    for (const { bytes } of steps) {
      if (bytes === undefined) {
        this.#otherClosed = true;
        this.#transport.peerCloses();
      } else for (const piece of cut(bytes)) this.#transport.receive(piece);
    }
  }

  async #expect(steps: readonly DialogueStep[]): Promise<void> {
    const said = await this.#listen();
    const letter = this.#side === 'client' ? 'C' : 'S';
    const expected = steps.map(({ line, bytes }) => ({
      line,
      text: bytes === undefined ? `${letter} closes` : `${letter}: ${escapeBytes(bytes)}`,
    }));
    const words = this.#wordsOf(said, steps, letter);
    const last = steps.at(-1) ?? this.#transcript.steps.at(-1) ?? this.#transcript;
    compareLines(this.#transcript, expected, words, `lines of the ${this.#side}`, last.line);
  }

  /** All bytes that the protocol sends until it is silent. */
  async #listen(): Promise<Buffer> {
    const said: Buffer[] = [];
    for (let silent = 0; silent < SILENT_TURNS; silent++) {
      this.#transport.settle();
      const some = this.#transport.takeWritten();
      if (some.length > 0) {
        said.push(some);
        silent = 0;
      }
      await new Promise<void>((resolve) => void setImmediateOfNode(resolve));
    }
    return Buffer.concat(said);
  }

  /** The sent bytes, cut into the same lines as in the transcript as long as they are equal. */
  #wordsOf(said: Buffer, steps: readonly DialogueStep[], letter: string): string[] {
    const words: string[] = [];
    let rest = said;
    for (const { bytes } of steps) {
      if (bytes === undefined || !rest.subarray(0, bytes.length).equals(bytes)) break;
      words.push(`${letter}: ${escapeBytes(bytes)}`);
      rest = rest.subarray(bytes.length);
    }
    if (rest.length > 0) words.push(`${letter}: ${escapeBytes(rest)}`);
    if (this.#closed || this.#transport.peerSees === 'open') return words;
    // Closing after the other side has closed may be omitted.
    if (!this.#otherClosed || steps.some(({ bytes }) => bytes === undefined)) {
      this.#closed = true;
      words.push(`${letter} closes`);
    }
    return words;
  }
}

function turnsOf(steps: readonly DialogueStep[]): Turn[] {
  const turns: { side: DialogueStep['side']; steps: DialogueStep[] }[] = [];
  for (const step of steps) {
    const turn = turns.at(-1);
    if (turn?.side === step.side) turn.steps.push(step);
    else turns.push({ side: step.side, steps: [step] });
  }
  return turns;
}

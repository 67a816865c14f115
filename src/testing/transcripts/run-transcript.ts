/** Runs transcripts: over decoders with their bytes cut in every way, and over protocols. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { checkPlainObject } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { everySplit } from '../every-split.js';
import { Dialogue } from './dialogue.js';
import { compareLines } from './difference.js';
import type { Transcript } from './transcript.js';

export interface EventsRunOptions {
  /**
   * Returns the events of a stream, a line for each. A thrown error with a string `code` is one more event: `error CODE`.
   * @param chunks The bytes, in pieces. Called again for each way of cutting them.
   */
  decode(chunks: readonly Buffer[]): Iterable<string>;
}

export interface DialogueRunOptions {
  /** The side that the protocol plays; the runner plays the other. */
  readonly side: 'client' | 'server';
  /** Makes the protocol; called again for each way of cutting its input. */
  protocol(): StreamProtocol;
}

const EVENTS_OPTIONS: OptionNames<EventsRunOptions> = { decode: true };
const DIALOGUE_OPTIONS: OptionNames<DialogueRunOptions> = { side: true, protocol: true };

/**
 * Runs one transcript to its end: an events transcript by `decode`, with its bytes cut in every way; a dialogue by
 * `protocol`, which receives each line whole, then byte by byte. A protocol may answer in later turns of Node's loop:
 * three silent turns end its answer.
 *
 * @throws AssertionError the run differs; the message shows how, with the lines of the file.
 * @throws InvalidArgumentValueError the options are for the other kind of transcript.
 * @example
 * for (const transcript of readTranscripts(new URL('transcripts/chunked.md', import.meta.url))) {
 *   it(transcript.title, () => runTranscript(transcript, { decode }));
 * }
 */
export async function runTranscript(
  transcript: Transcript,
  options: EventsRunOptions | DialogueRunOptions,
): Promise<void> {
  checkPlainObject('options of runTranscript', options);
  if (transcript.kind === 'events') {
    if (!('decode' in options)) throw wrongOptions(transcript, 'decode');
    checkOptions('runTranscript', options, EVENTS_OPTIONS);
    for (const chunks of everySplit(transcript.wire)) {
      const what = `the events of the bytes ${howCut(chunks)}`;
      compareLines(transcript, transcript.events, eventsOf(options, chunks), what);
    }
    return;
  }
  if (!('protocol' in options)) throw wrongOptions(transcript, 'protocol');
  checkOptions('runTranscript', options, DIALOGUE_OPTIONS);
  const { side, protocol } = options;
  await new Dialogue(transcript, side, protocol()).play((bytes) => [bytes]);
  const eachByte = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte));
  await new Dialogue(transcript, side, protocol()).play(eachByte);
}

function wrongOptions({ file, line, kind }: Transcript, wanted: string): Error {
  const what = `options for the transcript at ${file}:${line}, one of ${kind},`;
  return new InvalidArgumentValueError(what, `some with "${wanted}"`, undefined);
}

function eventsOf({ decode }: EventsRunOptions, chunks: readonly Buffer[]): string[] {
  const events: string[] = [];
  try {
    for (const event of decode(chunks)) events.push(event);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string') throw error;
    events.push(`error ${code}`);
  }
  return events;
}

function howCut(chunks: readonly Buffer[]): string {
  if (chunks.length < 2) return 'in one piece';
  return chunks.length > 2 ? 'one by one' : `cut behind the first ${chunks[0]?.length}`;
}

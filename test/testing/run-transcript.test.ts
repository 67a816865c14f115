/** Transcripts run: those that hold, and what is said of those that don't. */
import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../src/core/errors/base.js';
import { Protocol } from '../../src/core/protocol.js';
import { runTranscript } from '../../src/testing/transcripts/run-transcript.js';
import { parseTranscripts, type Transcript } from '../../src/testing/transcripts/transcript.js';

class EmptyLineError extends RemoteProtocolError {
  override readonly name = 'EmptyLineError';
  override readonly code = 'ERR_EMPTY_LINE';
}

function* lines(chunks: readonly Buffer[]): Generator<string> {
  let kept = '';
  for (const chunk of chunks) {
    kept += chunk.toString('latin1');
    for (let end = kept.indexOf('\n'); end >= 0; end = kept.indexOf('\n')) {
      if (end === 0) throw new EmptyLineError('an empty line');
      yield `line ${kept.slice(0, end)}`;
      kept = kept.slice(end + 1);
    }
  }
}

/** Greets, repeats each line, says good-bye. */
class Parrot extends Protocol {
  #kept = '';

  override connectionMade(): void {
    this.transport.write('hi\n');
  }

  override dataReceived(data: Buffer): void {
    this.#kept += data.toString('latin1');
    for (let end = this.#kept.indexOf('\n'); end >= 0; end = this.#kept.indexOf('\n')) {
      const line = this.#kept.slice(0, end);
      this.#kept = this.#kept.slice(end + 1);
      if (line === 'bye') this.transport.loseConnection();
      else this.answer(`${line}\n`);
    }
  }

  protected answer(line: string): void {
    this.transport.write(Buffer.from(line, 'latin1'));
  }
}

class SlowParrot extends Parrot {
  protected override answer(line: string): void {
    setImmediate(() => setImmediate(() => this.transport.write(line)));
  }
}

function events(wire: string, ...expected: string[]): Transcript {
  const text = ['## It', '```wire', wire, '```', '```events', ...expected, '```'].join('\n');
  return parseTranscripts(text, 'it.md')[0] as Transcript;
}

function dialogue(...steps: string[]): Transcript {
  const text = ['## It', '```dialogue', ...steps, '```'].join('\n');
  return parseTranscripts(text, 'it.md')[0] as Transcript;
}

const parrot = { side: 'server', protocol: () => new Parrot() } as const;

/** The message of the assertion that fails. */
async function failure(run: Promise<void>): Promise<string> {
  try {
    await run;
  } catch (error) {
    expect(error).toBeInstanceOf(AssertionError);
    return (error as Error).message;
  }
  return 'passed';
}

describe('a transcript of events', () => {
  it('holds for a decoder that is right', async () => {
    await runTranscript(events('one\\ntwo\\nthr', 'line one', 'line two'), { decode: lines });
    await runTranscript(events(''), { decode: lines });
  });

  it('has errors as events, behind those before them', async () => {
    await runTranscript(events('one\\n\\ntwo\\n', 'line one', 'error ERR_EMPTY_LINE'), {
      decode: lines,
    });
  });

  it('lets other exceptions out', async () => {
    const bug = new TypeError('a bug');
    const decode = (): never => {
      throw bug;
    };
    await expect(runTranscript(events('a'), { decode })).rejects.toBe(bug);
  });

  it('shows what differs, with the lines of the file', async () => {
    const transcript = events('a\\nB\\nc\\n', 'line a', 'line b', 'line c');
    expect(await failure(runTranscript(transcript, { decode: lines }))).toBe(
      [
        'it.md:7: "It", the events of the bytes in one piece:',
        '     6  line a',
        '-    7  line b',
        '+       line B',
        '     8  line c',
      ].join('\n'),
    );
  });

  it('shows what is missing and what is too much', async () => {
    expect(
      await failure(runTranscript(events('a\\n', 'line a', 'line b'), { decode: lines })),
    ).toBe('it.md:7: "It", the events of the bytes in one piece:\n     6  line a\n-    7  line b');
    expect(await failure(runTranscript(events('a\\n'), { decode: lines }))).toBe(
      'it.md:1: "It", the events of the bytes in one piece:\n+       line a',
    );
  });

  it('fails if the way the bytes are cut matters, and says how they were cut', async () => {
    const decode = (chunks: readonly Buffer[]): string[] => chunks.map((chunk) => `${chunk}`);
    expect(await failure(runTranscript(events('abc', 'abc'), { decode }))).toMatch(
      /^it\.md:6: "It", the events of the bytes cut behind the first 1:/,
    );
    const onlyPairs = (chunks: readonly Buffer[]): string[] =>
      chunks.length > 2 ? [] : [`${Buffer.concat(chunks)}`];
    expect(await failure(runTranscript(events('abc', 'abc'), { decode: onlyPairs }))).toMatch(
      /the events of the bytes one by one:/,
    );
  });

  it('refuses options for a dialogue', async () => {
    await expect(runTranscript(events('a'), parrot)).rejects.toThrow(/it\.md:1.*"decode"/);
  });
});

describe('a dialogue', () => {
  const GOOD = dialogue(
    'S: hi\\n',
    'C: one\\ntw',
    'C: o\\n',
    'S: one\\n',
    'S: two\\n',
    'C: bye\\n',
    'S closes',
  );

  it('holds for a protocol that is right', async () => {
    await runTranscript(GOOD, parrot);
  });

  it('waits for a protocol that answers later', async () => {
    await runTranscript(GOOD, { side: 'server', protocol: () => new SlowParrot() });
  });

  it('plays the server to a client', async () => {
    class Caller extends Protocol {
      override dataReceived(data: Buffer): void {
        if (data.includes('!')) this.transport.loseConnection();
        else if (data.includes('\n')) this.transport.write('one\n');
      }
    }
    const transcript = dialogue('S: hi\\n', 'C: one\\n', 'S: one!\\n', 'C closes');
    await runTranscript(transcript, { side: 'client', protocol: () => new Caller() });
  });

  it('makes a protocol for each run, whole and byte by byte', async () => {
    const pieces: number[][] = [];
    const protocol = (): Protocol => {
      const sizes: number[] = [];
      pieces.push(sizes);
      return Object.assign(new Protocol(), {
        dataReceived: (data: Buffer) => void sizes.push(data.length),
      });
    };
    await runTranscript(dialogue('C: abc', 'C: de'), { side: 'server', protocol });
    expect(pieces).toEqual([
      [3, 2],
      [1, 1, 1, 1, 1],
    ]);
  });

  it('shows what was said instead, with the lines of the file', async () => {
    const transcript = dialogue(
      'S: hi\\n',
      'C: one\\nü\\x00\\n',
      'S: one\\n',
      'S: u\\n',
      'C: bye\\n',
      'S closes',
    );
    expect(await failure(runTranscript(transcript, parrot))).toBe(
      [
        'it.md:6: "It", lines of the server:',
        '     5  S: one\\n',
        '-    6  S: u\\n',
        '+       S: ü\\0\\n',
      ].join('\n'),
    );
  });

  it('shows bytes that are no text by their numbers', async () => {
    const protocol = (): Protocol =>
      Object.assign(new Protocol(), {
        connectionMade(this: Protocol) {
          this.transport.write(Buffer.from([0xff, 0x7f, 0x41, 0x5c, 0x01]));
        },
      });
    expect(await failure(runTranscript(dialogue('S: x'), { side: 'server', protocol }))).toContain(
      '+       S: \\xff\\x7fA\\\\\\x01',
    );
  });

  it.each([
    ['silence', ['S: hi\\n', 'C: one', 'S: one\\n'], /it\.md:5: .*\n- {4}5 {2}S: one\\n$/],
    ['a word before the first line', ['C: one\\n', 'S: one\\n'], /\+ {7}S: hi\\n$/],
    ['a word behind the last line', ['S: hi\\n', 'C: one\\n'], /it\.md:4: .*\n\+ {7}S: one\\n$/],
    ['a close that was not expected', ['S: hi\\n', 'C: bye\\n'], /\+ {7}S closes$/],
    [
      'a close that does not come',
      ['S: hi\\n', 'C: a\\n', 'S: a\\n', 'S closes'],
      /- {4}6 {2}S closes$/,
    ],
  ])('fails for %s', async (_what, steps, message) => {
    expect(await failure(runTranscript(dialogue(...steps), parrot))).toMatch(message);
  });

  it('needs not say that the protocol closes if the other side has closed', async () => {
    await runTranscript(dialogue('S: hi\\n', 'C closes'), parrot);
    await runTranscript(dialogue('S: hi\\n', 'C closes', 'S closes'), parrot);
  });

  it('refuses options for events', async () => {
    await expect(runTranscript(GOOD, { decode: lines })).rejects.toThrow(/it\.md:1.*"protocol"/);
  });
});

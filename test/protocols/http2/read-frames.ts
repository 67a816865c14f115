/** Reads frames of HTTP/2 as lines of text, for comparisons. */
import { HTTP2ProtocolError, type HTTP2Rule } from '../../../src/protocols/http2/errors.js';
import { FrameParser } from '../../../src/protocols/http2/frame-parser.js';

export interface FramesOutcome {
  readonly frames: string[];
  readonly rule: HTTP2Rule | undefined;
}

/** @param pauseAfter Pauses after this number of events in each chunk. Default: never. */
export function outcomeOf(
  chunks: readonly Buffer[],
  expectsPreface = false,
  pauseAfter = Number.POSITIVE_INFINITY,
): FramesOutcome {
  const parser = new FrameParser(expectsPreface);
  const frames: string[] = [];
  let flow = 0;
  let content = '';
  const read = (most: number): void => {
    for (let events = 0; events < most; events++) {
      const event = parser.next();
      if (event === undefined) return;
      const { flags, streamId } = parser;
      if (event === 'frame') {
        const payload = parser.bytes.toString('hex', parser.from, parser.to);
        frames.push(`type ${parser.type} flags ${flags} stream ${streamId}: ${payload}`);
        continue;
      }
      if (parser.isFirst !== (content === '' && flow === 0)) throw new Error('wrong isFirst');
      flow += parser.flowBytes;
      content += parser.data.toString('hex');
      if (!parser.isLast) continue;
      if (flow !== parser.length) throw new Error('flow control would count other bytes');
      frames.push(`data of stream ${streamId}, flow ${flow}, flags ${flags}: ${content}`);
      flow = 0;
      content = '';
    }
  };
  try {
    for (const chunk of chunks) {
      parser.receive(chunk);
      read(pauseAfter);
      // The chunk is lent.
      parser.keepRest();
      chunk.fill(0xdb);
    }
    read(Number.POSITIVE_INFINITY);
  } catch (error) {
    if (!(error instanceof HTTP2ProtocolError)) throw error;
    return { frames, rule: error.rule };
  }
  return { frames, rule: undefined };
}

export function readFrames(
  chunks: readonly Buffer[],
  expectsPreface = false,
  pauseAfter?: number,
): string[] {
  const { frames, rule } = outcomeOf(
    chunks.map((chunk) => Buffer.from(chunk)),
    expectsPreface,
    pauseAfter,
  );
  if (rule !== undefined) throw new Error(`refused: ${rule}`);
  return frames;
}

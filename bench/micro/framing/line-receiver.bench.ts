// Receives lines that are given and lines that are lent, against a loop that people write by hand.
//
//     npx tsx bench/micro/framing/line-receiver.bench.ts [--rounds N] [--quick]

import { LineReceiver } from '../../../src/framing/line-receiver.js';
import { Protocol, type StreamProtocol } from '../../../src/index.js';
import { ReceivedView } from '../../../src/reactor/native/received-view.js';
import { MemoryTransport } from '../../../src/testing/memory-transport.js';
import type { Effort, Figures, Measure, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

const CHUNK_BYTES = 65_536;
const CHUNKS = 16;
/** With the line's end. */
const LINE_BYTES = [3, 64, 512, 4096];

interface Counting extends StreamProtocol {
  payloadBytes: number;
}

class GivenLines extends LineReceiver {
  payloadBytes = 0;

  override lineReceived(line: Buffer): void {
    this.payloadBytes += line.length;
  }
}

class LentLines extends GivenLines {
  override readonly acceptsLentFrames = true;
}

/** Lines are whole in their chunk here, so it has nothing to join. */
class ByHand extends Protocol {
  payloadBytes = 0;

  override dataReceived(data: Buffer): void {
    let start = 0;
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, start)) {
      const line = data.subarray(start, data[end - 1] === 13 ? end - 1 : end);
      this.payloadBytes += line.length;
      start = end + 1;
    }
  }
}

const CONTENDERS: Record<string, Measure> = {
  given: (effort) => measure(new GivenLines(), effort),
  lent: (effort) => measure(new LentLines(), effort),
  'by hand, lent': (effort) => measure(new ByHand(), effort),
};

async function measure(protocol: Counting, effort: Effort): Promise<Figures> {
  protocol.makeConnection(new MemoryTransport().connect(new Protocol()).transport);
  const figures: Record<string, number> = {};
  for (const lineBytes of LINE_BYTES) {
    const lines = Math.floor(CHUNK_BYTES / lineBytes);
    const memory = new ArrayBuffer(CHUNK_BYTES);
    Buffer.from(memory).fill(`${'x'.repeat(lineBytes - 2)}\r\n`);
    const receive = (): number => {
      const before = protocol.payloadBytes;
      for (let i = 0; i < CHUNKS; i++) {
        protocol.dataReceived(new ReceivedView(memory, 0, lines * lineBytes));
      }
      return protocol.payloadBytes - before;
    };
    const payload = CHUNKS * lines * (lineBytes - 2);
    const name = `lines of ${lineBytes.toLocaleString('en')} B`;
    const check = (bytes: number): void => expectSame(`bytes of ${name}`, bytes, payload);
    figures[name] = await nsPerOperation(effort, CHUNKS * lines, receive, check);
  }
  return figures;
}

export const bench: MicroBench = {
  title: 'Receiving lines',
  workload:
    'Chunks of 64 KiB, as lent by the native reactor, with lines that end in CRLF. `given` lines have their own ' +
    'memory, `lent` ones are views (`acceptsLentFrames`). `by hand` is a loop of indexOf and subarray.',
  unit: 'ns a line, less is better',
  cases: [{ name: '', reference: 'by hand, lent', contenders: CONTENDERS }],
  bars: [],
};

await runAlone(import.meta.url, bench);

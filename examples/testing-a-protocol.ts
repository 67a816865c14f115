// Tests a protocol without a socket: `node --import tsx --test examples/testing-a-protocol.ts`.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  everySplit,
  ManualClock,
  MemoryTransport,
  readTranscripts,
  runTranscript,
} from 'ropewalk/testing';
import { Greeter } from './testing-greeter.js';

function connect(clock = new ManualClock()): MemoryTransport {
  const transport = new MemoryTransport();
  transport.connect(new Greeter(clock));
  transport.clear(); // the question
  return transport;
}

describe('a greeter', () => {
  it('greets each name, however the bytes are cut', () => {
    for (const chunks of everySplit(Buffer.from('Ada\r\nZoë\n'))) {
      const transport = connect();
      for (const chunk of chunks) transport.receive(chunk);
      assert.equal(transport.text, 'Hello, Ada!\r\nHello, Zoë!\r\n');
    }
  });

  it('closes after half a minute of silence', () => {
    const clock = new ManualClock();
    const transport = connect(clock);
    clock.advance(20_000);
    transport.receive('Ada\n');
    clock.advance(29_999);
    assert.equal(transport.disconnecting, false);
    clock.advance(1);
    transport.settle();
    assert.equal(transport.peerSees, 'end');
    assert.deepEqual(clock.getDelayedCalls(), []);
  });

  it('closes on a name without an end', () => {
    const transport = connect();
    transport.receive('x'.repeat(10_000));
    transport.settle();
    assert.equal(transport.connected, false);
    assert.equal(transport.text, '');
  });

  for (const transcript of readTranscripts(new URL('testing-greeter.md', import.meta.url))) {
    const protocol = (): Greeter => new Greeter(new ManualClock());
    it(transcript.title, () => runTranscript(transcript, { side: 'server', protocol }));
  }
});

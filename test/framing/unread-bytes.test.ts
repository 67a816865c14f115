/** The bytes behind the frame in progress, which `startTLS` asks for. */
import { expect, it } from 'vitest';
import { Int16StringReceiver } from '../../src/framing/int-string-receivers.js';
import { LineReceiver } from '../../src/framing/line-receiver.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

it('a line receiver counts the bytes behind the line that it delivers', () => {
  const counted: number[] = [];
  class Counting extends LineReceiver {
    override lineReceived(): void {
      counted.push(this.unreadBytes);
    }
  }
  const lines = new Counting();
  const transport = new MemoryTransport();
  transport.connect(lines);
  transport.receive('STARTTLS\r\nsmuggled\r\nun');
  transport.settle();
  expect(counted).toEqual([12, 2]);
  expect(lines.unreadBytes).toBe(2);
});

it('a frame receiver counts the bytes behind the frame that it delivers', () => {
  const counted: number[] = [];
  class Counting extends Int16StringReceiver {
    override stringReceived(): void {
      counted.push(this.unreadBytes);
    }
  }
  const frames = new Counting();
  const transport = new MemoryTransport();
  transport.connect(frames);
  transport.receive(Buffer.from('\0\x01a\0\x02bc\0', 'latin1'));
  transport.settle();
  expect(counted).toEqual([5, 1]);
  expect(frames.unreadBytes).toBe(1);
});

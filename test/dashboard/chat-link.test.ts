/** A visitor in a chat whose server the test plays. */
import { describe, expect, it } from 'vitest';
import type { StreamClientEndpoint } from '../../src/core/stream-endpoint.js';
import { ChatLink } from '../../src/dashboard/chat-link.js';
import { succeed } from '../../src/index.js';
import { MemoryTransport } from '../../src/testing/index.js';

describe('a chat link', () => {
  it('is reset if the chat server does not read', () => {
    const transport = new MemoryTransport({ capacity: 0 });
    const endpoint = {
      connect: (makeProtocol: () => never) => {
        const protocol = makeProtocol();
        transport.connect(protocol);
        return succeed(protocol);
      },
    } as unknown as StreamClientEndpoint;
    let ends = 0;
    const ended = (): void => {
      ends += 1;
    };
    const link = new ChatLink(endpoint, 'ann', () => {}, ended);
    for (let count = 0; count < 1_000 && ends === 0; count++) {
      link.say('x'.repeat(1_000));
      transport.settle();
      expect(transport.bufferedBytes).toBeLessThan(67_000);
    }
    expect(ends).toBe(1);
    expect(transport.peerSees).toBe('reset');
  });
});

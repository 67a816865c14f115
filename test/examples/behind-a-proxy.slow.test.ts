import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, exampleUrl, KINDS, on } from './programs.js';

describe.each(KINDS)('a server behind a proxy, on the %s reactor', (kind) => {
  it('tells a client the address in the header', async () => {
    await using server = await ExampleServer.start('behind-a-proxy', [], on(kind));
    await using peer = await RawPeer.connect(server.port);
    peer.write('PROXY TCP4 203.0.113.9 198.51.100.1 4711 25\r\n');
    await peer.untilEnded();
    expect(peer.received.toString()).toBe(
      'You are 203.0.113.9:4711, connected without TLS to 198.51.100.1:25\n',
    );
  });

  it('answers a client that sends a header as a proxy does', async () => {
    await using server = await ExampleServer.start('behind-a-proxy', [], on(kind));
    const args = ['--port', String(server.port), '--source', '203.0.113.77'];
    const result = await runProgram(exampleUrl('proxy-header'), args, on(kind));
    expect(result).toMatchObject({
      code: 0,
      stdout: 'You are 203.0.113.77:56324, connected without TLS to 198.51.100.1:443\n',
    });
  });

  it('refuses peers that are not trusted, and connections without a header', async () => {
    const args = ['--trusted', '10.0.0.0/8'];
    await using server = await ExampleServer.start('behind-a-proxy', args, on(kind));
    await using stranger = await RawPeer.connect(server.port);
    await stranger.untilEnded();
    await server.pulse.until(() => /not a trusted peer/.test(server.stderr), 'the refusal');
    await using trusting = await ExampleServer.start('behind-a-proxy', [], on(kind));
    await using peer = await RawPeer.connect(trusting.port);
    peer.write('GET / HTTP/1.1\r\n\r\n');
    await peer.untilEnded();
    expect(peer.received.toString()).toBe('');
    await trusting.pulse.until(() => /no PROXY header/.test(trusting.stderr), 'the refusal');
  });
});

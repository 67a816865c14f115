/** The programs of docs/howto/udp.md. */
import { describe, expect, it } from 'vitest';
import { createReactor, DatagramProtocol } from '../../src/index.js';
import { Child, runProgram } from '../support/child.js';
import { ExampleServer, exampleUrl, KINDS, on } from './programs.js';

describe.each(KINDS)('udp-echo and udp-ping (%s)', (kind) => {
  it('times what the echo server sends back', async () => {
    await using server = await ExampleServer.start('udp-echo', [], on(kind));
    const ping = ['--port', String(server.port), '--count', '2'];
    const { code, stdout, stderr } = await runProgram(exampleUrl('udp-ping'), ping, on(kind));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^(\d+: back after \d+\.\d{3} ms\n){2}$/);
    server.process.kill('SIGINT');
    expect(await server.result()).toMatchObject({ code: 0, stderr: '' });
  });

  it('says that nobody listens there', async () => {
    await using reactor = createReactor();
    // The port is taken, and hears nobody but itself.
    const taken = reactor.listenUDP(0, new DatagramProtocol(), { interface: '127.0.0.1' });
    const { port } = taken.getHost();
    taken.connect('127.0.0.1', port);
    const ping = ['--port', String(port)];
    const { code, stdout, stderr } = await runProgram(exampleUrl('udp-ping'), ping, on(kind));
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'nobody listens there\n',
      stderr: '',
    });
  });
});

describe.each(KINDS)('multicast-beacon (%s)', (kind) => {
  it('hears the other, and not itself', async () => {
    await using reactor = createReactor();
    // Keeps the port for the two, and joins no group.
    const held = reactor.listenUDP(0, new DatagramProtocol(), { listenMultiple: true });
    const port = String(held.getHost().port);
    const start = (name: string): Child => {
      const args = ['--port', port, '--seconds', '60', '--name', name];
      return new Child(exampleUrl('multicast-beacon'), args, on(kind));
    };
    await using one = start('one');
    await using two = start('two');
    await one.printed(/^one hears two\n/);
    await two.printed(/^two hears one\n/);
    for (const beacon of [one, two]) {
      beacon.process.kill('SIGINT');
      const { code, stdout, stderr } = await beacon.result();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    }
  });

  it('ends by itself', async () => {
    await using reactor = createReactor();
    const held = reactor.listenUDP(0, new DatagramProtocol(), { listenMultiple: true });
    const port = String(held.getHost().port);
    const args = ['--port', port, '--seconds', '0.1'];
    const { code, stdout, stderr } = await runProgram(
      exampleUrl('multicast-beacon'),
      args,
      on(kind),
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

/** Adoption on each reactor beyond `adoptionContract`: descriptors that are in use, and IPv6. */
import { beforeEach, expect, it } from 'vitest';
import { DescriptorError, type SocketTransport, type SystemError } from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { DatagramRecorder, openUDP } from '../support/datagrams.js';
import { closeQuietly, Duplicator, isOpen } from '../support/descriptors.js';
import { listenLocal, pair } from '../support/pairs.js';
import { needs } from '../support/platform.js';
import { recorders } from '../support/recorder.js';
import { socketPath, unixPair } from '../support/unix.js';

/** Throws what `adopt` throws, which has to be a DescriptorError, and gives its cause's code. */
function refusal(adopt: () => unknown, fd: number): string {
  try {
    adopt();
  } catch (error) {
    expect(error).toBeInstanceOf(DescriptorError);
    expect((error as DescriptorError).fd).toBe(fd);
    return ((error as DescriptorError).cause as SystemError).code;
  }
  throw new Error('it was adopted');
}

contract('adoptStreamConnection', (rig) => {
  beforeEach(() => needs('descriptors'));

  it.each(['tcp', 'unix'] as const)('refuses a socket that listens (%s)', async (via) => {
    const listening = listen(rig, via);
    const duplicator = await Duplicator.open(rig);
    const fd = await duplicator.duplicate(listening.fileno());
    const adopt = (): unknown =>
      rig.reactor.adoptStreamConnection(fd, recorders(), { takeOver: true });
    expect(refusal(adopt, fd)).toMatch(/ENOTCONN|EINVAL|EISCONN/);
    // The pure-JS reactor has to open a TCP socket to see, and closes it.
    if (rig.native || via === 'unix') expect(isOpen(fd)).toBe(true);
    closeQuietly(fd);
  });
});

contract('adoptDatagramPort', (rig) => {
  beforeEach(() => needs('descriptors'));

  it('continues with a bound socket of IPv6', async () => {
    const first = openUDP(rig, { interface: '::' });
    const duplicator = await Duplicator.open(rig);
    const fd = await duplicator.duplicate(first.port.fileno());
    await first.port.stopListening();
    const protocol = new DatagramRecorder();
    const adopted = rig.reactor.adoptDatagramPort(fd, protocol, { takeOver: true });
    const other = openUDP(rig);
    adopted.write('ping', other.port.getHost());
    await other.protocol.receive(1);
    other.port.write('pong', { host: '127.0.0.1', port: first.number });
    await protocol.receive(1);
    expect(protocol.received[0]?.from.equals(other.port.getHost())).toBe(true);
  });
});

contract('adoption', (rig) => {
  it('of a descriptor that the reactor itself has open is refused, or makes a second socket', async () => {
    needs('descriptors');
    const { client } = await pair(rig);
    const fd = (client.transport as SocketTransport).fileno();
    if (rig.native) return;
    const adopt = (): unknown =>
      rig.reactor.adoptStreamConnection(fd, recorders(), { takeOver: true });
    expect(refusal(adopt, fd)).toBe('EEXIST');
    client.transport.write('unharmed');
    await unixPair(rig);
  });
});

function listen(rig: Rig, via: 'tcp' | 'unix'): { fileno(): number } {
  if (via === 'tcp') return listenLocal(rig.reactor, recorders());
  return rig.reactor.listenUNIX(socketPath(rig), recorders());
}

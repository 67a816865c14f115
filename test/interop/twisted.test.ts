/** Twisted at the other end: descriptors over UNIX sockets, listeners that change hands, multicast. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IPAddress, UDPTransport, UNIXTransport } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { PeerProgram, TWISTED_PYTHON } from '../support/peers.js';
import { RawPeer } from '../support/raw-peer.js';
import { Recorder, type RecorderHooks } from '../support/recorder.js';

const TWISTED = TWISTED_PYTHON !== undefined;
if (!TWISTED) console.warn('skipped: there is no Python with Twisted here');

class DescriptorRecorder extends Recorder {
  readonly texts: string[] = [];
  /** How many bytes had come when each descriptor came. */
  readonly places: number[] = [];

  constructor(hooks: RecorderHooks = {}) {
    super(hooks);
  }

  fileDescriptorReceived(fd: number): void {
    this.texts.push(readFileSync(fd, 'utf8'));
    this.places.push(this.receivedBytes);
    closeSync(fd);
  }
}

describe.skipIf(!TWISTED)('with Twisted', () => {
  let folder: string;
  let path: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    path = join(folder, 'peer.sock');
    file = join(folder, 'text');
    writeFileSync(file, 'hemp');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  contract('UNIX sockets', (rig) => {
    it('take descriptors that Twisted sends, each before its bytes', async ({ skip }) => {
      if (!rig.native) skip('native only');
      const recorder = new DescriptorRecorder();
      rig.reactor.listenUNIX(path, () => recorder);
      await using _peer = await PeerProgram.python('twisted_unix', 'lend', path, file);
      expect(await recorder.receive(4)).toEqual(Buffer.from('lent'));
      recorder.transport.write('more');
      await recorder.receive(8);
      expect(recorder.texts).toEqual(['hemp', 'hemp']);
      expect(recorder.places).toEqual([0, 4]);
      recorder.transport.loseConnection();
      await recorder.lost();
    });

    it('send descriptors that Twisted accepts, no later than their bytes', async ({ skip }) => {
      if (!rig.native) skip('native only');
      await using _peer = await PeerProgram.python('twisted_unix', 'read', path);
      const recorder = new Recorder();
      rig.reactor.connectUNIX(path, () => recorder);
      await recorder.made();
      const transport = recorder.transport as unknown as UNIXTransport;
      const fd = openSync(file, 'r');
      transport.write('before ');
      transport.sendFileDescriptor(fd);
      closeSync(fd);
      transport.write('after');
      await recorder.receive('before [hemp]after'.length);
      // The system may give bytes from before a descriptor together with it.
      expect(['before [hemp]after', '[hemp]before after']).toContain(recorder.received.toString());
      transport.loseConnection();
      await recorder.lost();
    });

    it('give a listening socket to Twisted, which accepts on it', async ({ skip }) => {
      if (!rig.native) skip('native only');
      const control = new Recorder();
      rig.reactor.listenUNIX(path, () => control);
      const listening = rig.reactor.listenTCP(0, Recorder, { interface: '127.0.0.1' });
      await using _peer = await PeerProgram.python('twisted_unix', 'serve', path);
      await control.made();
      (control.transport as unknown as UNIXTransport).sendFileDescriptor(listening.fileno());
      control.transport.write('x');
      await control.receive('serving'.length);
      await listening.stopListening();
      await using client = await RawPeer.connect(listening.getHost().port);
      client.write('hello');
      expect(String(await client.receive(14))).toBe('twisted: hello');
      control.transport.loseConnection();
      await control.lost();
    });
  });

  contract('multicast', (rig) => {
    it.each([['239.255.77.78', '127.0.0.1']])(
      'group %s is shared with Twisted',
      async (group, host) => {
        const heard: [string, IPAddress][] = [];
        const pulse = new Pulse();
        const socket: UDPTransport = rig.reactor.listenUDP(
          0,
          (data, from) => {
            heard.push([data.toString(), from]);
            pulse.notify();
          },
          { listenMultiple: true },
        );
        const { port } = socket.getHost();
        socket.setMulticastInterface(host);
        socket.joinGroup(group, { interface: host });
        await using peer = await PeerProgram.python('twisted_multicast', group, String(port), host);
        const texts = (): string[] => heard.map(([text]) => text);
        socket.write('ping all', { host: group, port });
        // On one port with Twisted, unicast answers may reach either socket: the group's word reaches both.
        await pulse.until(() => texts().includes('ping all'), 'own word, looped back');
        socket.write('shout', { host: group, port });
        await pulse.until(() => texts().includes('twisted shouts'), "Twisted's word to the group");
        socket.leaveGroup(group, { interface: host });
        socket.write('quit', { host: group, port });
        await peer.end();
        // Node can't turn IP_MULTICAST_ALL off: there a socket hears what others of this host have joined.
        if (rig.native) expect(texts()).not.toContain('quit');
        await socket.stopListening();
      },
    );
  });
});

/** socat at the other end of UNIX sockets and UDP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Protocol } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { hasProgram, PeerProgram } from '../support/peers.js';
import { Recorder } from '../support/recorder.js';

const SOCAT = hasProgram('socat');
if (!SOCAT) console.warn('skipped: there is no socat here');

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

describe.skipIf(!SOCAT)('with socat', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    path = join(folder, 'peer.sock');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  contract('UNIX streams', (rig) => {
    it('serve it', async () => {
      const port = rig.reactor.listenUNIX(path, Echo);
      await using socat = new PeerProgram('socat', ['-', `UNIX-CONNECT:${path}`]);
      socat.write('hello');
      await socat.until(() => socat.stdout === 'hello', 'to be answered');
      await socat.end();
      await port.stopListening();
    });

    it('serve it by an abstract name', async ({ skip }) => {
      if (process.platform !== 'linux') skip('abstract names are a thing of Linux');
      if (!rig.native) skip('Node 20 cannot bind them');
      const name = `ropewalk-${process.pid}-${Math.random()}`;
      const port = rig.reactor.listenUNIX(`\0${name}`, Echo);
      await using socat = new PeerProgram('socat', ['-', `ABSTRACT-CONNECT:${name}`]);
      socat.write('hello');
      await socat.until(() => socat.stdout === 'hello', 'to be answered');
      await socat.end();
      await port.stopListening();
    });

    it('are served by it', async () => {
      await using socat = new PeerProgram('socat', ['-d', '-d', `UNIX-LISTEN:${path}`, 'EXEC:cat']);
      await socat.until(() => socat.stderr.includes('listening'), 'to listen');
      const client = new Recorder();
      rig.reactor.connectUNIX(path, () => client);
      await client.made();
      client.transport.write('hello');
      expect(String(await client.receive(5))).toBe('hello');
      client.transport.loseConnection();
      await client.lost();
    });
  });

  contract('UDP', (rig) => {
    it.each(['127.0.0.1', '::1'])('is answered on %s', async (host) => {
      const socket = rig.reactor.listenUDP(
        0,
        (data, from, transport) => transport.write(`got ${data}`, from),
        { interface: host },
      );
      const { port } = socket.getHost();
      const target = host.includes(':') ? `UDP6:[${host}]:${port}` : `UDP4:${host}:${port}`;
      await using socat = new PeerProgram('socat', ['-', target]);
      socat.write('hello');
      await socat.until(() => socat.stdout === 'got hello', 'to be answered');
      await socket.stopListening();
    });
  });

  contract('UNIX datagrams', (rig) => {
    it('come from it', async ({ skip }) => {
      if (!rig.native) skip('native only');
      const heard: string[] = [];
      const pulse = new Pulse();
      const socket = rig.reactor.listenUNIXDatagram(path, (data) => {
        heard.push(data.toString());
        pulse.notify();
      });
      await using socat = new PeerProgram('socat', ['-u', '-', `UNIX-SENDTO:${path}`]);
      socat.write('one');
      await pulse.until(() => heard.length === 1, 'a datagram');
      expect(heard).toEqual(['one']);
      await socket.stopListening();
    });

    it('reach it, and are answered if this end has a path', async ({ skip }) => {
      if (!rig.native) skip('native only');
      await using socat = new PeerProgram('socat', [
        '-d',
        '-d',
        `UNIX-RECVFROM:${path},fork`,
        'EXEC:cat',
      ]);
      await socat.until(() => /receiving/.test(socat.stderr), 'to listen');
      const heard: string[] = [];
      const pulse = new Pulse();
      const socket = rig.reactor.connectUNIXDatagram(
        path,
        (data) => {
          heard.push(data.toString());
          pulse.notify();
        },
        { bindAddress: join(folder, 'own.sock') },
      );
      socket.write('hello');
      await pulse.until(() => heard.length === 1, 'an answer');
      expect(heard).toEqual(['hello']);
      await socket.stopListening();
    });
  });
});

/** What UNIX streams can do on the native reactor alone: peers' credentials, descriptors beside the bytes, detaching. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConnectionDetached,
  DescriptorError,
  DescriptorLimitError,
  MAX_WAITING_DESCRIPTORS,
  type SocketTransport,
  type UNIXTransport,
  UnsentBytesError,
} from '../../src/index.js';
import { Rig } from '../support/contract.js';
import { closeQuietly, isOpen, openDescriptors } from '../support/descriptors.js';
import { HUGE, pair, patterned, quietMoment } from '../support/pairs.js';
import { needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';
import { Recorder, RecordingFactory, takeViolations } from '../support/recorder.js';
import { temporaryFolder, unixPair } from '../support/unix.js';

/** A recorder that takes descriptors, and notes how many bytes it had when each came. */
class Catcher extends Recorder {
  readonly fds: number[] = [];
  readonly bytesBefore: number[] = [];

  fileDescriptorReceived(fd: number): void {
    this.fds.push(fd);
    this.bytesBefore.push(this.receivedBytes);
    this.pulse.notify();
  }

  async catch(count: number): Promise<number[]> {
    await this.until(() => this.fds.length >= count, `${count} descriptors`);
    return this.fds;
  }
}

const unixOf = (protocol: Recorder): UNIXTransport => protocol.transport as UNIXTransport;

/** A file to be sent, open for reading and writing. */
function openFile(rig: Rig): { fd: number; path: string } {
  const path = join(temporaryFolder(rig), 'file');
  return { fd: openSync(path, 'w+'), path };
}

const natives = REACTORS.filter(({ native }) => native);
describe.each(natives.map((maker) => [maker.name, maker] as const))(
  'a UNIX stream (%s)',
  (_name, maker) => {
    const rig = new Rig(maker);
    beforeEach(() => {
      takeViolations();
      needs('descriptors');
    });
    afterEach(() => rig.dispose());

    it('knows who its peer is', async () => {
      const { client, server } = await unixPair(rig);
      const me = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
      expect(unixOf(server).getPeerCredentials()).toEqual(me);
      expect(unixOf(client).getPeerCredentials()).toEqual(me);
      client.transport.loseConnection();
      await client.lost();
      expect(unixOf(client).getPeerCredentials()).toBeUndefined();
    });

    it('sends a descriptor before the bytes that it comes with', async () => {
      const server = new Catcher();
      const { client } = await unixPair(rig, { server });
      const { fd, path } = openFile(rig);
      client.transport.write('before ');
      await server.receive(7);
      unixOf(client).sendFileDescriptor(fd);
      closeSync(fd);
      client.transport.write('with it');
      const [received] = (await server.catch(1)) as [number];
      await server.receive(14);
      expect(server.bytesBefore).toEqual([7]);
      writeSync(received, 'by another hand');
      closeSync(received);
      expect(readFileSync(path, 'utf8')).toBe('by another hand');
    });

    it('sends several, in order', async () => {
      const server = new Catcher();
      const { client } = await unixPair(rig, { server });
      const files = Array.from({ length: 20 }, () => openFile(rig));
      for (const [i, { fd }] of files.entries()) {
        unixOf(client).sendFileDescriptor(fd);
        if (i % 3 === 0) client.transport.write('.');
        closeSync(fd);
      }
      client.transport.write('.');
      const received = await server.catch(20);
      received.forEach((fd, i) => {
        writeSync(fd, `${i}`);
        closeSync(fd);
      });
      expect(files.map(({ path }) => readFileSync(path, 'utf8'))).toEqual(
        files.map((_, i) => `${i}`),
      );
    });

    it('holds descriptors while it is paused, in order with the bytes', async () => {
      const server = new Catcher();
      const { client } = await unixPair(rig, { server });
      server.transport.pauseProducing();
      const { fd } = openFile(rig);
      client.transport.write('first');
      unixOf(client).sendFileDescriptor(fd);
      client.transport.write('second');
      closeSync(fd);
      await quietMoment(rig);
      expect(server.fds).toEqual([]);
      server.transport.resumeProducing();
      const [received] = (await server.catch(1)) as [number];
      await server.receive(11);
      expect(server.text).toBe('firstsecond');
      closeSync(received);
    });

    it('closes descriptors that nobody takes', async () => {
      const { client, server } = await unixPair(rig);
      const before = openDescriptors();
      const { fd } = openFile(rig);
      for (let i = 0; i < 5; i++) {
        unixOf(client).sendFileDescriptor(fd);
        client.transport.write('x');
      }
      closeSync(fd);
      await server.receive(5);
      // The connection that quietMoment makes may still be on its way out.
      await quietMoment(rig);
      const latest = performance.now() + 5000;
      while (openDescriptors() > before && performance.now() < latest) await rig.turns(1);
      expect(openDescriptors()).toBeLessThanOrEqual(before);
    });

    it('closes those that are on their way when it ends', async () => {
      const before = openDescriptors();
      const server = new Catcher();
      const { client } = await unixPair(rig, { server });
      const { fd } = openFile(rig);
      server.transport.pauseProducing();
      for (let i = 0; i < 5; i++) {
        unixOf(client).sendFileDescriptor(fd);
        client.transport.write('x');
      }
      await quietMoment(rig);
      // One that never leaves: no byte follows.
      unixOf(client).sendFileDescriptor(fd);
      closeSync(fd);
      server.transport.abortConnection();
      await server.lost();
      client.transport.abortConnection();
      await client.lost();
      await rig.reactor[Symbol.asyncDispose]();
      expect(server.fds).toEqual([]);
      expect(openDescriptors()).toBeLessThanOrEqual(before);
    });

    it('keeps few descriptors for a peer that does not read, and says so', async () => {
      const { client, server } = await unixPair(rig, { server: new Catcher() });
      const transport = unixOf(client);
      expect(transport.maxWaitingDescriptors).toBe(MAX_WAITING_DESCRIPTORS);
      server.transport.pauseProducing();
      transport.write(patterned(HUGE));
      await quietMoment(rig);
      const { fd } = openFile(rig);
      const before = openDescriptors();
      for (let i = 0; i < MAX_WAITING_DESCRIPTORS; i++) {
        transport.sendFileDescriptor(fd);
        transport.write('x');
      }
      expect(transport.waitingDescriptors).toBe(MAX_WAITING_DESCRIPTORS);
      for (let i = 0; i < 3; i++) {
        expect(() => transport.sendFileDescriptor(fd)).toThrow(DescriptorLimitError);
      }
      expect(openDescriptors()).toBe(before + MAX_WAITING_DESCRIPTORS);
      transport.maxWaitingDescriptors = MAX_WAITING_DESCRIPTORS + 1;
      transport.sendFileDescriptor(fd);
      transport.write('x');
      expect(() => transport.sendFileDescriptor(fd)).toThrow(DescriptorLimitError);
      closeSync(fd);
      server.transport.resumeProducing();
      const received = await (server as Catcher).catch(MAX_WAITING_DESCRIPTORS + 1);
      await server.receive(HUGE + MAX_WAITING_DESCRIPTORS + 1);
      expect(transport.waitingDescriptors).toBe(0);
      for (const one of received) closeSync(one);
      expect(() => {
        transport.maxWaitingDescriptors = 0;
      }).toThrow(RangeError);
    });

    it('pauses a push producer when as many descriptors wait as may', async () => {
      const { client, server } = await unixPair(rig, { server: new Catcher() });
      const transport = unixOf(client);
      transport.maxWaitingDescriptors = 5;
      const { fd } = openFile(rig);
      let sent = 0;
      let paused = false;
      const resumed: number[] = [];
      const produce = (): void => {
        for (paused = false; !paused && sent < 50; sent++) {
          transport.sendFileDescriptor(fd);
          transport.write('x');
        }
        if (sent === 50) transport.unregisterProducer();
      };
      transport.registerProducer(
        {
          pauseProducing: () => {
            paused = true;
          },
          resumeProducing: () => {
            resumed.push(transport.waitingDescriptors);
            produce();
          },
          stopProducing() {},
        },
        true,
      );
      produce();
      expect(sent).toBe(5);
      const received = await (server as Catcher).catch(50);
      await server.receive(50);
      for (const one of received) closeSync(one);
      closeSync(fd);
      expect(resumed.length).toBeGreaterThan(8);
      expect(resumed.every((waiting) => waiting === 0)).toBe(true);
    });

    it('throws DescriptorError for a descriptor that is not open, and continues', async () => {
      const { client, server } = await unixPair(rig);
      expect(() => unixOf(client).sendFileDescriptor(100_000)).toThrow(DescriptorError);
      expect(() => unixOf(client).sendFileDescriptor(-1)).toThrow(RangeError);
      client.transport.write('on');
      await server.receive(2);
    });

    const pairs: readonly (readonly [
      string,
      () => Promise<{ client: Recorder; server: Recorder }>,
    ])[] = [
      ['over UNIX', () => unixPair(rig)],
      ['over TCP', () => pair(rig)],
    ];
    describe.each(pairs)('that is detached (%s)', (_via, connect) => {
      const detach = (protocol: Recorder) => (protocol.transport as SocketTransport).detach();

      it('gives its descriptor away, and continues elsewhere', async () => {
        const { client, server } = await connect();
        const { fd, unread } = await detach(client);
        expect(await client.lost()).toBeInstanceOf(ConnectionDetached);
        expect(unread.byteLength).toBe(0);
        expect(isOpen(fd)).toBe(true);
        const again = new Recorder();
        rig.make().adoptStreamConnection(fd, new RecordingFactory(() => again), { takeOver: true });
        again.transport.write('here again');
        expect((await server.receive(10)).toString()).toBe('here again');
        server.transport.write('welcome');
        await again.receive(7);
      });

      it('gives bytes received and not delivered', async () => {
        const { client, server } = await connect();
        client.transport.pauseProducing();
        server.transport.write('unread');
        await quietMoment(rig);
        const { fd, unread } = await detach(client);
        const again = new Recorder();
        const options = { takeOver: true, unread };
        rig.make().adoptStreamConnection(fd, new RecordingFactory(() => again), options);
        expect((await again.receive(6)).toString()).toBe('unread');
      });

      it('delivers undelivered bytes if it fails', async () => {
        const { client, server } = await connect();
        server.transport.pauseProducing();
        const { fd } = await detach(client);
        let failed: unknown;
        const again = new Recorder({
          connectionMade: (self) => {
            self.transport.write(patterned(HUGE));
            failed = detach(self);
          },
        });
        const options = { takeOver: true, unread: Buffer.from('held') };
        rig.make().adoptStreamConnection(fd, new RecordingFactory(() => again), options);
        await expect(failed).rejects.toBeInstanceOf(UnsentBytesError);
        expect((await again.receive(4)).toString()).toBe('held');
        again.transport.abortConnection(); // or disposal would wait for its unsent bytes
      });

      it('fails while bytes wait to be sent, and the connection continues', async () => {
        const { client, server } = await connect();
        server.transport.pauseProducing();
        client.transport.write(patterned(HUGE));
        await quietMoment(rig);
        await expect(detach(client)).rejects.toBeInstanceOf(UnsentBytesError);
        server.transport.resumeProducing();
        await server.receive(HUGE);
        server.transport.write('alive');
        await client.receive(5);
      });

      it('is closed by the descriptor that detach returned', async () => {
        const { client, server } = await connect();
        const connection = await detach(client);
        connection.close();
        expect(isOpen(connection.fd)).toBe(false);
        await server.lost();
      });
    });

    it('leaves no descriptor behind', async () => {
      const before = openDescriptors();
      for (let i = 0; i < 20; i++) {
        const { client } = await unixPair(rig);
        const { fd } = await (client.transport as SocketTransport).detach();
        closeQuietly(fd);
        await rig.dispose();
      }
      expect(openDescriptors()).toBeLessThanOrEqual(before);
    });
  },
);

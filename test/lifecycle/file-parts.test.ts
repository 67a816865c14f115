/** Parts of files that are unsent on the native reactor when the connection ends or changes. No descriptor may be left. */
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConnectionAborted,
  ConnectionDone,
  type Reactor,
  UnsentBytesError,
} from '../../src/index.js';
import { type SendsFiles, sendsFiles } from '../../src/internal/sends-files.js';
import { selfSignedCertificate, TLSServerContext } from '../../src/tls/index.js';
import { portOf, Rig } from '../support/contract.js';
import { DEADLINE_MS, within } from '../support/deadline.js';
import { openDescriptors } from '../support/descriptors.js';
import { HUGE, listenLocal, patterned } from '../support/pairs.js';
import { needs } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS } from '../support/reactors.js';
import {
  HalfCloseRecorder,
  Recorder,
  RecordingFactory,
  takeViolations,
} from '../support/recorder.js';
import { temporaryFolder } from '../support/unix.js';

const CONTENT = patterned(HUGE);

const LIBRARY = new URL('../../dist/index.js', import.meta.url).href;

/** Sends a file to a peer that does not read, and says so. */
const SENDER = `
  const { closeSync, openSync, fstatSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.library).then(({ createReactor, ClientFactory, Protocol }) => {
    class Sender extends Protocol {
      connectionMade() {
        const fd = openSync(workerData.path, 'r');
        this.transport.sendFile(fd, 0, fstatSync(fd).size);
        closeSync(fd);
        reactor.callLater(0, () => parentPort.postMessage(this.transport.bufferedBytes));
      }
    }
    const reactor = createReactor({ kind: 'native', poller: workerData.poller });
    reactor.connectTCP('127.0.0.1', workerData.port, ClientFactory.forProtocol(Sender));
  });`;

interface Sending {
  readonly protocol: Recorder;
  readonly peer: RawPeer;
  /** The descriptors of this process when the part was queued, without that of the part. */
  readonly before: number;
}

function fileOf(rig: Rig): string {
  const path = join(temporaryFolder(rig), 'file');
  writeFileSync(path, CONTENT);
  return path;
}

const natives = REACTORS.filter(({ native }) => native);
describe.each(natives.map((maker) => [maker.name, maker] as const))(
  'an unsent part of a file (%s)',
  (_name, maker) => {
    const rig = new Rig(maker);
    beforeEach(() => {
      takeViolations();
      needs('descriptors');
    });
    afterEach(() => rig.dispose());

    /** Between other writes, on a connection whose peer does not read. */
    async function sending(
      protocol: Recorder = new Recorder(),
      prepare: () => void = () => {},
      reactor: Reactor = rig.reactor,
    ): Promise<Sending> {
      const path = fileOf(rig);
      const listening = listenLocal(reactor, new RecordingFactory(() => protocol));
      const peer = rig.use(await RawPeer.connect(portOf(listening)));
      await protocol.made();
      peer.socket.pause();
      const before = openDescriptors();
      const fd = openSync(path, 'r');
      const transport = protocol.transport as unknown as SendsFiles;
      expect(sendsFiles(transport)).toBe(true);
      prepare();
      protocol.call('write', 'before');
      expect(transport.sendFile(fd, 0, CONTENT.length)).toBe(true);
      closeSync(fd);
      protocol.call('write', 'behind');
      await rig.turns(3, reactor);
      expect(protocol.transport.bufferedBytes).toBeGreaterThan(0);
      expect(openDescriptors()).toBe(before + 1);
      return { protocol, peer, before };
    }

    async function expectAll({ peer }: Sending): Promise<void> {
      peer.socket.resume();
      const expected = Buffer.concat([Buffer.from('before'), CONTENT, Buffer.from('behind')]);
      await peer.receive(expected.length);
      expect(peer.received.equals(expected)).toBe(true);
    }

    /** Node reports a reset as the end if reading was paused. */
    async function expectCut(peer: RawPeer): Promise<void> {
      peer.socket.resume();
      await peer.until(() => peer.ended || peer.closed, 'the end');
      expect(peer.receivedBytes).toBeLessThan(CONTENT.length);
    }

    /** The socket and the part of the file are closed. */
    async function expectNothingLeft(before: number): Promise<void> {
      const latest = performance.now() + DEADLINE_MS;
      while (openDescriptors() >= before && performance.now() < latest) await rig.turns(1);
      expect(openDescriptors()).toBeLessThan(before);
    }

    it('is dropped by abortConnection', async () => {
      const { protocol, peer, before } = await sending();
      protocol.call('abortConnection');
      expect(await protocol.lost()).toBeInstanceOf(ConnectionAborted);
      await expectNothingLeft(before);
      await expectCut(peer);
    });

    it('is sent before loseConnection closes', async () => {
      const all = await sending();
      all.protocol.call('loseConnection');
      await expectAll(all);
      await all.peer.untilEnded();
      all.peer.end();
      expect(await all.protocol.lost()).toBeInstanceOf(ConnectionDone);
      await expectNothingLeft(all.before);
    });

    it('is sent before and after the ends of both directions', async () => {
      const all = await sending(new HalfCloseRecorder());
      const { protocol, peer } = all;
      peer.write('request');
      peer.end();
      await protocol.until(() => protocol.log.includes('readConnectionLost'), 'the end of input');
      expect(protocol.text).toBe('request');
      protocol.call('loseWriteConnection');
      await expectAll(all);
      await peer.untilEnded();
      protocol.call('loseConnection');
      await protocol.lost();
      await expectNothingLeft(all.before);
    });

    it('is sent while reading is paused, and resumes a producer', async () => {
      const protocol = new Recorder();
      const calls: string[] = [];
      const producer = {
        pauseProducing: () => void calls.push('pause'),
        resumeProducing: () => void calls.push('resume'),
        stopProducing: () => {},
      };
      const all = await sending(protocol, () => protocol.call('registerProducer', producer, true));
      expect(calls).toEqual(['pause']);
      protocol.call('pauseProducing');
      all.peer.write('request');
      await expectAll(all);
      await protocol.until(() => calls.length === 2, 'resumeProducing');
      expect(calls).toEqual(['pause', 'resume']);
      expect(protocol.receivedBytes).toBe(0);
      protocol.call('resumeProducing');
      await protocol.receive(7);
      expect(openDescriptors()).toBe(all.before);
    });

    it('is dropped if the peer resets the connection', async () => {
      const { protocol, peer, before } = await sending();
      peer.reset();
      await protocol.lost();
      await expectNothingLeft(before);
    });

    it('does not leave with a connection that is handed over', async () => {
      const all = await sending();
      await expect(all.protocol.tcp.detach()).rejects.toBeInstanceOf(UnsentBytesError);
      await expectAll(all);
      expect(openDescriptors()).toBe(all.before);
    });

    it('is sent in clear before TLS begins', async () => {
      const all = await sending();
      const identity = await selfSignedCertificate();
      all.protocol.tcp.startTLS(new TLSServerContext({ identity, engine: 'native' }));
      await expectAll(all);
      expect(openDescriptors()).toBe(all.before);
      const { socket } = all.peer;
      const secured = connect({ socket, rejectUnauthorized: false });
      await within(once(secured, 'secureConnect'), 'the handshake');
      secured.write('secret');
      await all.protocol.receive(6);
      expect(all.protocol.text).toBe('secret');
      secured.destroy();
    });

    it('is sent by a reactor that stops', async () => {
      const running = rig.reactor.run({ installSignalHandlers: false });
      const all = await sending();
      rig.reactor.stop();
      await expectAll(all);
      await all.peer.untilEnded();
      all.peer.end();
      await within(running, 'the stop');
      await expectNothingLeft(all.before);
    });

    it.each(['crash', 'dispose'])('is dropped by a reactor that ends by %s', async (how) => {
      const reactor = rig.make({ shutdownTimeoutMs: 10 });
      const { before, peer } = await sending(new Recorder(), () => {}, reactor);
      if (how === 'crash') {
        const running = reactor.run({ installSignalHandlers: false });
        await rig.turns(1, reactor);
        reactor.crash();
        await within(running, 'the crash');
      }
      await reactor[Symbol.asyncDispose]();
      expect(openDescriptors()).toBeLessThan(before);
      await expectCut(peer);
    });

    it('is dropped with the worker whose reactor sends it', async () => {
      const path = fileOf(rig);
      const before = openDescriptors();
      const sockets: Socket[] = [];
      const server = createServer((socket) => sockets.push(socket.pause())).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const workerData = { library: LIBRARY, poller: maker.name.split('+')[1], path, port };
      const worker = new Worker(SENDER, { eval: true, workerData });
      const [unsent] = await within(once(worker, 'message'), 'the worker');
      expect(unsent).toBeGreaterThan(0);
      await worker.terminate();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
      const latest = performance.now() + DEADLINE_MS;
      while (openDescriptors() > before && performance.now() < latest) await rig.turns(1);
      expect(openDescriptors()).toBe(before);
    });
  },
);

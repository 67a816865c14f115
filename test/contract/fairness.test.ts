/** A peer that floods, or a storm of connections, must not keep the others waiting. The attackers have own threads. */
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { contract, portOf } from '../support/contract.js';
import { Pulse, within } from '../support/deadline.js';
import { echo, listenLocal } from '../support/pairs.js';
import { RawPeer } from '../support/raw-peer.js';
import { Recorder, RecordingFactory, recorders } from '../support/recorder.js';

/** Sends to the port as fast as it can, over `connections` connections. */
const FLOOD = `
  const { connect } = require('node:net');
  const { workerData, parentPort } = require('node:worker_threads');
  const block = Buffer.alloc(256 * 1024, 120);
  for (let i = 0; i < workerData.connections; i++) {
    const socket = connect(workerData.port, '127.0.0.1');
    socket.on('error', () => {});
    const send = () => { while (socket.write(block)); };
    socket.on('drain', send);
    socket.on('connect', send);
  }
  parentPort.postMessage('ready');`;

/** Connects and resets, a batch after the other. */
const STORM = `
  const { connect } = require('node:net');
  const { workerData, parentPort } = require('node:worker_threads');
  const again = () => {
    const socket = connect(workerData.port, '127.0.0.1', () => socket.resetAndDestroy());
    socket.on('error', () => {});
    socket.on('close', again);
  };
  for (let i = 0; i < 40; i++) again();
  parentPort.postMessage('ready');`;

async function attack(source: string, data: object): Promise<AsyncDisposable> {
  const worker = new Worker(source, { eval: true, workerData: data });
  await within(
    new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    }),
    'an attacker',
  );
  return {
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

contract('fairness', (rig) => {
  it('serves a quiet peer and timers while others flood', async () => {
    const pulse = new Pulse();
    let flooded = 0;
    const sink = new RecordingFactory(
      () =>
        new Recorder({
          dataReceived: (data, self) => {
            flooded += data.length;
            self.chunks.length = 0;
            pulse.notify();
          },
        }),
    );
    const flooding = listenLocal(rig.reactor, sink);
    const quiet = listenLocal(rig.reactor, new RecordingFactory(echo));
    const peer = rig.use(await RawPeer.connect(portOf(quiet)));
    rig.use(await attack(FLOOD, { port: portOf(flooding), connections: 4 }));
    await pulse.until(() => flooded > 20_000_000, 'the flood to rise');

    let ticks = 0;
    let nodeTicks = 0;
    const { reactor } = rig;
    const tick = (): void => {
      ticks += 1;
      pulse.notify();
      reactor.callLater(1, tick);
    };
    tick();
    const interval = setInterval(() => void nodeTicks++, 1);
    let mostFlooded = 0;
    try {
      for (let trip = 1; trip <= 50; trip++) {
        const from = flooded;
        peer.write('.');
        await peer.receive(trip);
        mostFlooded = Math.max(mostFlooded, flooded - from);
      }
      const before = flooded;
      await pulse.until(() => flooded > before + 5_000_000, 'the flood to go on');
      await pulse.until(() => ticks > 20 && nodeTicks > 20, 'timers to be served');
    } finally {
      clearInterval(interval);
    }
    expect(mostFlooded).toBeLessThan(50_000_000);
  });

  it('takes at most 64 KiB of a flooding peer before another peer has its turn', async () => {
    const order: number[] = [];
    const factory: RecordingFactory = new RecordingFactory(() => {
      const index = factory.built.length;
      return new Recorder({ dataReceived: () => void order.push(index) });
    });
    const listening = listenLocal(rig.reactor, factory);
    const peers = [
      rig.use(await RawPeer.connect(portOf(listening))),
      rig.use(await RawPeer.connect(portOf(listening))),
    ];
    const flooder = await factory.protocol(0);
    const other = await factory.protocol(1);
    await other.made();
    for (const protocol of [flooder, other]) protocol.transport.pauseProducing();
    await rig.turns(2);
    peers[0]?.write(Buffer.alloc(1_000_000));
    peers[1]?.write('me');
    await rig.turns(3);
    for (const protocol of [flooder, other]) protocol.transport.resumeProducing();
    await other.receive(2);
    const flooderBefore = order.slice(0, order.indexOf(1)).length;
    expect(flooderBefore).toBeLessThanOrEqual(4);
    await flooder.receive(1_000_000);
  });

  it('serves open connections and timers while a storm of connections comes', async () => {
    const storm = recorders();
    const stormed = listenLocal(rig.reactor, storm);
    const quiet = listenLocal(rig.reactor, new RecordingFactory(echo));
    const peer = rig.use(await RawPeer.connect(portOf(quiet)));
    rig.use(await attack(STORM, { port: portOf(stormed) }));
    await storm.until('buildProtocol', 100);
    let ticks = 0;
    const { reactor } = rig;
    const tick = (): void => {
      ticks += 1;
      storm.pulse.notify();
      reactor.callLater(1, tick);
    };
    tick();
    let mostAccepted = 0;
    for (let trip = 1; trip <= 50; trip++) {
      const from = storm.built.length;
      peer.write('.');
      await peer.receive(trip);
      mostAccepted = Math.max(mostAccepted, storm.built.length - from);
    }
    const before = storm.built.length;
    await storm.until('buildProtocol', before + 50);
    await storm.pulse.until(() => ticks > 20, 'timers to be served');
    // A listener accepts at most 512 connections per batch, so 2,048 per turn, and a round trip takes a few turns.
    expect(mostAccepted).toBeLessThan(8 * 1024);
    await stormed.stopListening();
    for (const protocol of storm.built) await protocol.lost();
  });

  it('serves peers, timers and Node while it polls busily', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const reactor = rig.make({ busyPollUs: 200 });
    const listening = listenLocal(reactor, new RecordingFactory(echo));
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      peer.pulse.notify();
      reactor.callLater(1, tick);
    };
    tick();
    for (let trip = 1; trip <= 200; trip++) {
      peer.write('.');
      await peer.receive(trip);
    }
    await peer.until(() => ticks > 10, 'timers to be served');
  });
});

/** Backpressure: transports as consumers of what producers make, and as producers of what they receive. */
import { expect, it } from 'vitest';
import { ProducerRegisteredError } from '../../src/core/errors.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { HUGE, patterned, quietMoment, served } from '../support/pairs.js';
import { Recorder } from '../support/recorder.js';

/** Writes down what it is asked, and checks that it is paused from within write only. */
class PushRecorder {
  readonly log: string[] = [];
  writing = false;
  readonly pausedOutsideWrite: boolean[] = [];

  pauseProducing(): void {
    if (!this.writing) this.pausedOutsideWrite.push(true);
    this.log.push('pause');
  }

  resumeProducing(): void {
    this.log.push('resume');
  }

  stopProducing(): void {
    this.log.push('stop');
  }

  write(transport: Transport, data: Uint8Array): void {
    this.writing = true;
    transport.write(data);
    this.writing = false;
  }
}

contract('a push producer', (rig) => {
  it('is not paused at the high-water mark, but above it, from within write', async () => {
    const { protocol } = await served(rig);
    const { transport } = protocol;
    const producer = new PushRecorder();
    transport.registerProducer(producer, true);
    producer.write(transport, patterned(HIGH_WATER_MARK_BYTES));
    expect(transport.bufferedBytes).toBe(HIGH_WATER_MARK_BYTES);
    expect(producer.log).toEqual([]);
    producer.write(transport, Buffer.from('x'));
    expect(producer.log).toEqual(['pause']);
    expect(producer.pausedOutsideWrite).toEqual([]);
  });

  it('is paused once until it is resumed', async () => {
    const { protocol, peer } = await served(rig);
    const producer = new PushRecorder();
    protocol.transport.registerProducer(producer, true);
    for (let i = 0; i < 5; i++) producer.write(protocol.transport, patterned(100_000));
    expect(producer.log).toEqual(['pause']);
    await peer.receive(500_000);
    await rig.turns(2);
    expect(producer.log).toEqual(['pause', 'resume']);
  });

  it('is paused by small writes and writeSequence too', async () => {
    const { protocol } = await served(rig);
    const producer = new PushRecorder();
    protocol.transport.registerProducer(producer, true);
    for (let i = 0; i < 64; i++) producer.write(protocol.transport, patterned(1024));
    expect(producer.log).toEqual([]);
    producer.writing = true;
    protocol.transport.writeSequence(['a', 'b']);
    producer.writing = false;
    expect(producer.log).toEqual(['pause']);
    expect(producer.pausedOutsideWrite).toEqual([]);
  });

  it('is resumed only when nothing waits any more', async () => {
    const { protocol, peer } = await served(rig);
    const buffered: number[] = [];
    const producer = new PushRecorder();
    protocol.transport.registerProducer(
      {
        pauseProducing: () => producer.pauseProducing(),
        resumeProducing: () => {
          buffered.push(protocol.transport.bufferedBytes);
          producer.resumeProducing();
        },
        stopProducing: () => producer.stopProducing(),
      },
      true,
    );
    peer.socket.pause();
    producer.write(protocol.transport, patterned(HUGE));
    await quietMoment(rig);
    expect(protocol.transport.bufferedBytes).toBeGreaterThan(0);
    expect(producer.log).toEqual(['pause']);
    peer.socket.resume();
    await peer.receive(HUGE);
    await rig.turns(3);
    expect(producer.log).toEqual(['pause', 'resume']);
    expect(buffered).toEqual([0]);
  });

  it('is not resumed if it was not paused', async () => {
    const { protocol, peer } = await served(rig);
    const producer = new PushRecorder();
    protocol.transport.registerProducer(producer, true);
    producer.write(protocol.transport, patterned(1000));
    await peer.receive(1000);
    await quietMoment(rig);
    expect(producer.log).toEqual([]);
  });

  it('that registers while too much waits already is paused by its first write', async () => {
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    protocol.transport.write(patterned(HUGE));
    await quietMoment(rig);
    const producer = new PushRecorder();
    protocol.transport.registerProducer(producer, true);
    expect(producer.log).toEqual([]);
    producer.write(protocol.transport, Buffer.from('x'));
    expect(producer.log).toEqual(['pause']);
    peer.socket.resume();
    await peer.receive(HUGE + 1);
    await rig.turns(3);
    expect(producer.log).toEqual(['pause', 'resume']);
  });

  it('is not called any more once it has unregistered', async () => {
    const { protocol, peer } = await served(rig);
    const producer = new PushRecorder();
    protocol.transport.registerProducer(producer, true);
    producer.write(protocol.transport, patterned(200_000));
    protocol.transport.unregisterProducer();
    protocol.transport.unregisterProducer();
    await peer.receive(200_000);
    protocol.transport.abortConnection();
    await protocol.lost();
    expect(producer.log).toEqual(['pause']);
  });

  it('may give way to another', async () => {
    const { protocol, peer } = await served(rig);
    const [first, second] = [new PushRecorder(), new PushRecorder()];
    protocol.transport.registerProducer(first, true);
    first.write(protocol.transport, patterned(100_000));
    protocol.transport.unregisterProducer();
    protocol.transport.registerProducer(second, true);
    second.write(protocol.transport, patterned(100_000));
    await peer.receive(200_000);
    await rig.turns(2);
    expect(first.log).toEqual(['pause']);
    expect(second.log).toEqual(['pause', 'resume']);
  });

  it('that came after a paused one is not resumed for it', async () => {
    const { protocol, peer } = await served(rig);
    const [first, second] = [new PushRecorder(), new PushRecorder()];
    protocol.transport.registerProducer(first, true);
    first.write(protocol.transport, patterned(100_000));
    protocol.transport.unregisterProducer();
    protocol.transport.registerProducer(second, true);
    await peer.receive(100_000);
    await quietMoment(rig);
    expect(first.log).toEqual(['pause']);
    expect(second.log).toEqual([]);
  });

  it('that throws in resumeProducing ends the connection, reported', async () => {
    const { protocol } = await served(rig);
    const producer = new PushRecorder();
    const error = new Error('can not go on');
    producer.resumeProducing = () => {
      throw error;
    };
    protocol.transport.registerProducer(producer, true);
    producer.write(protocol.transport, patterned(100_000));
    expect(await protocol.lost()).toBe(error);
    expect(rig.takeReports()).toMatchObject([{ error }]);
  });
});

contract('registering a producer', (rig) => {
  it('is refused while another is registered', async () => {
    const { protocol, peer } = await served(rig);
    const [first, second] = [new PushRecorder(), new PushRecorder()];
    protocol.transport.registerProducer(first, true);
    expect(() => protocol.transport.registerProducer(second, true)).toThrow(
      ProducerRegisteredError,
    );
    expect(() => protocol.transport.registerProducer(first, false)).toThrow(
      ProducerRegisteredError,
    );
    first.write(protocol.transport, patterned(100_000));
    await peer.receive(100_000);
    await rig.turns(2);
    expect(first.log).toEqual(['pause', 'resume']);
    expect(second.log).toEqual([]);
  });

  it.each([true, false])(
    'on a connection that is gone stops it (streaming: %s)',
    async (streaming) => {
      const { protocol } = await served(rig);
      protocol.transport.abortConnection();
      await protocol.lost();
      for (let i = 0; i < 2; i++) {
        const producer = new PushRecorder();
        protocol.transport.registerProducer(producer, streaming as true);
        expect(producer.log).toEqual(['stop']);
      }
    },
  );

  it('is undone by the end of the connection: stopProducing, then connectionLost', async () => {
    const { protocol, peer } = await served(rig);
    const producer = new PushRecorder();
    protocol.transport.registerProducer(producer, true);
    protocol.hooks = { connectionLost: () => void producer.log.push('connectionLost') };
    peer.reset();
    await protocol.lost();
    expect(producer.log).toEqual(['stop', 'connectionLost']);
  });

  it('reports what stopProducing throws, and connectionLost comes all the same', async () => {
    const { protocol, peer } = await served(rig);
    const producer = new PushRecorder();
    producer.stopProducing = () => {
      throw new Error('can not stop');
    };
    protocol.transport.registerProducer(producer, true);
    peer.end();
    expect((await protocol.lost()).name).toBe('ConnectionDone');
    expect(rig.takeReports()).toMatchObject([{ error: { message: 'can not stop' } }]);
  });
});

contract('a pull producer', (rig) => {
  it('is asked at once, and again each time that nothing waits', async () => {
    const { protocol, peer } = await served(rig);
    const { transport } = protocol;
    const buffered: number[] = [];
    let pieces = 0;
    const producer = {
      resumeProducing() {
        buffered.push(transport.bufferedBytes);
        pieces += 1;
        if (pieces <= 20) transport.write(patterned(100_000, pieces));
        else {
          transport.unregisterProducer();
          transport.loseConnection();
        }
      },
      stopProducing() {},
    };
    transport.registerProducer(producer, false);
    expect(pieces).toBe(1);
    await peer.untilEnded();
    const all = Array.from({ length: 20 }, (_, i) => patterned(100_000, i + 1));
    expect(peer.received.equals(Buffer.concat(all))).toBe(true);
    expect(buffered).toEqual(Array.from({ length: 21 }, () => 0));
    expect((await protocol.lost()).name).toBe('ConnectionDone');
  });

  it('is not asked while something waits', async () => {
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    let asked = 0;
    protocol.transport.registerProducer(
      {
        resumeProducing: () => {
          asked += 1;
          protocol.transport.write(patterned(HUGE));
        },
        stopProducing: () => {},
      },
      false,
    );
    await quietMoment(rig);
    expect(asked).toBe(1);
    protocol.transport.abortConnection();
    await protocol.lost();
    expect(asked).toBe(1);
  });

  it('may finish within its very first answer', async () => {
    const { protocol, peer } = await served(rig);
    const { transport } = protocol;
    const producer = {
      resumeProducing() {
        transport.write('all there is');
        transport.unregisterProducer();
        transport.loseConnection();
      },
      stopProducing() {},
    };
    transport.registerProducer(producer, false);
    await peer.untilEnded();
    expect(peer.text).toBe('all there is');
  });

  it('is stopped when the connection ends', async () => {
    const { protocol, peer } = await served(rig);
    let stopped = 0;
    protocol.transport.registerProducer(
      { resumeProducing: () => {}, stopProducing: () => void stopped++ },
      false,
    );
    peer.reset();
    await protocol.lost();
    expect(stopped).toBe(1);
  });
});

contract('reading', (rig) => {
  it('stops at pauseProducing and goes on at resumeProducing', async () => {
    const { protocol, peer } = await served(rig);
    protocol.call('pauseProducing');
    await rig.turns(2);
    peer.write('one ');
    await quietMoment(rig);
    expect(protocol.receivedBytes).toBe(0);
    protocol.call('resumeProducing');
    await protocol.receive(4);
    peer.write('two');
    expect((await protocol.receive(7)).toString()).toBe('one two');
  });

  it('is not bound by how often it is paused and resumed', async () => {
    const { protocol, peer } = await served(rig);
    for (let i = 0; i < 3; i++) protocol.call('pauseProducing');
    protocol.call('resumeProducing');
    peer.write('a');
    await protocol.receive(1);
    for (let i = 0; i < 3; i++) protocol.call('resumeProducing');
    peer.write('b');
    expect((await protocol.receive(2)).toString()).toBe('ab');
  });

  it('paused in connectionMade receives nothing until resumed', async () => {
    const { protocol, peer } = await served(
      rig,
      new Recorder({ connectionMade: (self) => self.call('pauseProducing') }),
    );
    peer.write('x');
    await quietMoment(rig);
    expect(protocol.receivedBytes).toBe(0);
    protocol.call('resumeProducing');
    await protocol.receive(1);
  });

  it('paused by another callback of the same turn receives nothing of that turn', async () => {
    const two = [await served(rig), await served(rig)] as const;
    const order: number[] = [];
    for (const [i, { protocol }] of two.entries()) {
      protocol.hooks = {
        dataReceived: () => {
          order.push(i);
          two[1 - i]?.protocol.call('pauseProducing');
        },
      };
    }
    for (const { peer } of two) peer.write('both at once');
    const [a, b] = two.map(({ protocol }) => protocol) as [Recorder, Recorder];
    await Promise.race([a.receive(1), b.receive(1)]);
    await quietMoment(rig);
    expect(order).toHaveLength(1);
    const later = order[0] === 0 ? b : a;
    expect(later.receivedBytes).toBe(0);
    later.hooks = {};
    later.call('resumeProducing');
    expect((await later.receive(12)).toString()).toBe('both at once');
  });

  it('paused in dataReceived gets one piece at a time, in order', async () => {
    const { protocol, peer } = await served(rig);
    let resumes = 0;
    protocol.hooks = {
      dataReceived: (_data, self) => {
        self.call('pauseProducing');
        rig.reactor.callLater(0, () => {
          resumes += 1;
          self.call('resumeProducing');
        });
      },
    };
    const data = patterned(1_500_000);
    peer.write(data);
    await protocol.receive(data.length);
    expect(protocol.received.equals(data)).toBe(true);
    await rig.turns(2);
    expect(resumes).toBe(protocol.chunks.length);
  });

  it('can not be resumed on a transport that is closing', async () => {
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    protocol.transport.write(patterned(HUGE));
    protocol.call('loseConnection');
    protocol.call('resumeProducing');
    peer.write('not heard');
    await quietMoment(rig);
    expect(protocol.receivedBytes).toBe(0);
    expect(protocol.connected).toBe(true);
  });

  it('does not keep a paused transport from sending and closing', async () => {
    const { protocol, peer } = await served(rig);
    protocol.call('pauseProducing');
    protocol.transport.write('one-way');
    await peer.receive(7);
    protocol.call('loseConnection');
    expect((await protocol.lost()).name).toBe('ConnectionDone');
    await peer.untilEnded();
  });
});

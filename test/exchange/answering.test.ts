/** Questions are lines; the answer to each is made by a function. */
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../src/core/errors/base.js';
import { Deferred } from '../../src/defer/deferred.js';
import { AnsweringFactory, type AnsweringOptions } from '../../src/exchange/answering-factory.js';
import type { Answer } from '../../src/exchange/answering-protocol.js';
import { LineDecoder } from '../../src/framing/line-decoder.js';
import { flushLoggedErrors } from '../../src/testing/logged-errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { accept } from '../policies/wired.js';
import { contract, portOf } from '../support/contract.js';
import { RawPeer } from '../support/raw-peer.js';

class Malformed extends RemoteProtocolError {
  override readonly name = 'Malformed';
  override readonly code = 'ERR_MALFORMED';
}

class Lines extends AnsweringFactory<string> {
  readonly answersOnce = false;
  readonly where = 'a test';
  readonly make: (question: string) => Answer;
  refusal: Buffer | undefined = Buffer.from('refused');

  constructor(make: (question: string) => Answer, options: AnsweringOptions = {}) {
    super(new ManualClock(), options);
    this.make = make;
  }

  makeDecoder(): LineDecoder {
    return new LineDecoder({ maxLength: 10 });
  }

  readQuestion(frame: Buffer): string {
    if (frame.toString() === 'bad') throw new Malformed('bad');
    return frame.toString();
  }

  answer(question: string): Answer {
    return this.make(question);
  }

  failureAnswer(question: string): Buffer {
    return Buffer.from(`failed ${question};`);
  }

  refusalAnswer(): Buffer | undefined {
    return this.refusal;
  }
}

const answer = (question: string): Buffer => Buffer.from(`${question};`);

describe('a server that answers questions', () => {
  it('answers in order, each when the one before is answered', () => {
    const asked: string[] = [];
    const slow = new Deferred<Buffer>();
    const lines = new Lines((question) => {
      asked.push(question);
      return question === 'slow' ? (slow as Answer) : answer(question);
    });
    const { transport } = accept(lines);
    transport.receive('one\nslow\ntwo\n');
    transport.settle();
    expect([asked, transport.text, transport.paused]).toEqual([['one', 'slow'], 'one;', true]);
  });

  it('continues after an answer that was waited for', async () => {
    const slow = new Deferred<Buffer>();
    const lines = new Lines((question) => (question === 'slow' ? slow : answer(question)));
    const { transport } = accept(lines);
    transport.receive('slow\ntwo\nslow\nthree\n');
    slow.callback(Buffer.from('late;'));
    await new Promise((resolve) => void setImmediate(resolve));
    transport.settle();
    expect(transport.text).toBe('late;two;late;three;');
    expect(transport.connected).toBe(true);
  });

  it('reports failures, answers them, and continues', async () => {
    const lines = new Lines((question) => {
      if (question === 'throw') throw new Error('thrown');
      return Promise.reject(new Error('rejected'));
    });
    const { transport } = accept(lines);
    transport.receive('throw\nlate\n');
    await new Promise((resolve) => void setImmediate(resolve));
    transport.settle();
    expect(transport.text).toBe('failed throw;failed late;');
    expect(flushLoggedErrors(Error).map(({ where }) => where)).toEqual(['a test', 'a test']);
  });

  it.each(['bad\nnext\n', 'much too long'])('refuses %j and closes', (bytes) => {
    const { transport } = accept(new Lines(answer));
    transport.receive(`one\n${bytes}`);
    transport.settle();
    expect([transport.text, transport.peerSees]).toEqual(['one;refused', 'end']);
  });

  it('ends the connection, without a report, if the protocol has no refusal', () => {
    const lines = new Lines(answer);
    lines.refusal = undefined;
    const { transport } = accept(lines);
    transport.receive('bad\n');
    transport.settle();
    expect([transport.text, transport.peerSees]).toEqual(['', 'end']);
    expect(lines.connectionCount).toBe(0);
  });

  it('asks no more while the client does not read its answers', () => {
    let asked = 0;
    const lines = new Lines(() => {
      asked++;
      return Buffer.alloc(1_000);
    });
    const { transport } = accept(lines, { capacity: 10_000 });
    transport.receive('a\n'.repeat(1_000));
    expect(asked).toBeLessThan(100);
    expect(transport.paused).toBe(true);
    for (let i = 0; i < 100; i++) {
      transport.drain(100_000);
      transport.settle();
    }
    expect(asked).toBe(1_000);
  });

  it('ignores an answer that comes after the client left', async () => {
    let settle = (_: Buffer): void => {};
    const lines = new Lines(() => new Promise<Buffer>((resolve) => (settle = resolve)));
    const { transport } = accept(lines);
    transport.receive('a\n');
    transport.peerResets();
    transport.settle();
    settle(Buffer.from('late'));
    await new Promise((resolve) => void setImmediate(resolve));
    expect(transport.text).toBe('');
  });
});

contract('questions before the end of a client', (rig) => {
  it('are all answered', async () => {
    const lines = new Lines((question) => Promise.resolve(answer(question)));
    const port = portOf(rig.reactor.listenTCP(0, lines, { interface: '127.0.0.1' }));
    const peer = rig.use(await RawPeer.connect(port));
    peer.write('one\ntwo\nthree\n');
    peer.end();
    await peer.untilEnded();
    expect(peer.text).toBe('one;two;three;');
  });
});

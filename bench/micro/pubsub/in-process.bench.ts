// What a message costs for each subscriber in the same process, against EventEmitter.
//
//     npx tsx bench/micro/pubsub/in-process.bench.ts [--rounds N] [--quick]

import { EventEmitter } from 'node:events';
import { MemoryPubSub } from '../../../src/pubsub/index.js';
import type { Effort, Figures, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

type Receiver = (text: string) => void;

interface Contender {
  subscribe(topic: string, receive: Receiver): void;
  publish(topic: string, text: string): void;
}

function memoryPubSub(): Contender {
  const pubsub = new MemoryPubSub();
  return {
    subscribe: (topic, receive) => void pubsub.subscribe(topic, ({ text }) => receive(text)),
    publish: (topic, text) => void pubsub.publish(topic, text),
  };
}

function eventEmitter(): Contender {
  const emitter = new EventEmitter().setMaxListeners(0);
  return {
    subscribe: (topic, receive) => void emitter.on(topic, receive),
    publish: (topic, text) => void emitter.emit(topic, text),
  };
}

function laterEmitter(): Contender {
  const emitter = new EventEmitter().setMaxListeners(0);
  return {
    subscribe: (topic, receive) =>
      void emitter.on(topic, (text: string) => queueMicrotask(() => receive(text))),
    publish: (topic, text) => void emitter.emit(topic, text),
  };
}

const CONTENDERS: Readonly<Record<string, () => Contender>> = {
  MemoryPubSub: memoryPubSub,
  EventEmitter: eventEmitter,
  'EventEmitter, later': laterEmitter,
};

const TOPIC = 'prices.gold';
const TEXT = 'x'.repeat(64);
/** Messages that each subscriber receives in a batch, times the number of subscribers. */
const DELIVERIES = 10_000;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function caseOf(subscribers: number, perTurn: number, name: string): MicroCase {
  const messages = DELIVERIES / subscribers;
  const measure =
    (make: () => Contender) =>
    async (effort: Effort): Promise<Figures> => {
      const contender = make();
      let characters = 0;
      for (let i = 0; i < subscribers; i++) {
        contender.subscribe(TOPIC, (text) => {
          characters += text.length;
        });
      }
      const batch = async (): Promise<number> => {
        characters = 0;
        for (let i = 0; i < messages; i += perTurn) {
          for (let j = 0; j < perTurn; j++) contender.publish(TOPIC, TEXT);
          await turn();
        }
        return characters;
      };
      const check = (found: number): void =>
        expectSame('characters', found, DELIVERIES * TEXT.length);
      return { '': await nsPerOperation(effort, DELIVERIES, batch, check) };
    };
  const contenders = Object.entries(CONTENDERS).map(([one, make]) => [one, measure(make)] as const);
  return { name, reference: 'EventEmitter, later', contenders: Object.fromEntries(contenders) };
}

export const bench: MicroBench = {
  title: 'Publishing in one process',
  workload:
    'Messages of 64 characters are published to a topic with 1, 10 or 100 subscribers, 100 in a turn of the loop. `EventEmitter` calls its ' +
    'listeners at once; `EventEmitter, later` has listeners that do their work in a microtask, as those of MemoryPubSub do, which ' +
    'besides checks topics, limits queues, waits for promises and reports exceptions.',
  unit: 'ns per message and subscriber',
  cases: [
    caseOf(1, 100, '1 subscriber'),
    caseOf(10, 100, '10 subscribers'),
    caseOf(100, 100, '100 subscribers'),
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);

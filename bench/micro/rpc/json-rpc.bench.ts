// Answers and makes calls by JSON-RPC, without sockets, against the package json-rpc-2.0.
//
//     npx tsx bench/micro/rpc/json-rpc.bench.ts [--rounds N] [--quick]

import { deepStrictEqual } from 'node:assert/strict';
import { Deferred } from '../../../src/defer/deferred.js';
import { JSONRPCConnection } from '../../../src/protocols/json-rpc/index.js';
import { RPCMethods } from '../../../src/rpc/index.js';
import { answerCalls } from '../../../src/rpc/json-rpc-answers.js';
import { runSettings } from '../../../src/rpc/settings.js';
import { ManualClock } from '../../../src/testing/index.js';
import type { Measure, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

/** The part of the package that is used here. */
interface Package {
  readonly JSONRPCServer: new () => {
    addMethod(name: string, method: (params: never) => unknown): void;
    receiveJSON(text: string): PromiseLike<unknown>;
  };
  readonly JSONRPCClient: new (
    send: (payload: unknown) => void,
  ) => {
    request(method: string, params: unknown): PromiseLike<unknown>;
    receive(answer: unknown): void;
  };
}

const PACKAGE: string = 'json-rpc-2.0';
const { JSONRPCServer, JSONRPCClient } = (await import(PACKAGE)) as Package;

type Item = Readonly<Record<string, unknown>>;

const ITEM: Item = { name: 'Rope', metres: 12, tags: ['hemp', 'natural'], available: true };
const add = (item: Item, count: number): unknown => ({ ...item, count });
const request = (id: number): object => ({ jsonrpc: '2.0', id, method: 'add', params: [ITEM, id] });
const answer = (id: number): object => ({ jsonrpc: '2.0', id, result: { ...ITEM, count: id } });
/** As many as the default limit permits. */
const BATCH = 50;
const RESULT = JSON.stringify({ ...ITEM, count: 1 });

function checkRequest(text: string): void {
  if (!text.includes('"method":"add"')) throw new Error(`no request: ${text}`);
}

/** Answers a message. */
type Server = (bytes: Buffer) => PromiseLike<string | undefined>;

const SERVERS: Readonly<Record<string, () => Server>> = {
  ropewalk: () => {
    const settings = runSettings(new ManualClock(), new RPCMethods().add('add', add), {});
    const source = { web: undefined, peer: undefined, remoteAddress: undefined };
    const connection = new JSONRPCConnection<never>();
    return async (bytes) => {
      const { calls } = connection.receive(bytes);
      return calls && (await answerCalls(settings, calls, source, undefined));
    };
  },
  'json-rpc-2.0': () => {
    const server = new JSONRPCServer();
    server.addMethod('add', ([item, count]: [Item, number]) => add(item, count));
    return async (bytes) => JSON.stringify(await server.receiveJSON(bytes.toString()));
  },
};

/** Makes a call whose answer follows at once. Fires with the result. */
type Client = (count: number) => PromiseLike<unknown>;

const CLIENTS: Readonly<Record<string, () => Client>> = {
  ropewalk: () => {
    const connection = new JSONRPCConnection<Deferred<unknown>>();
    let id = 0;
    return (count) => {
      const called = new Deferred<unknown>();
      checkRequest(connection.call('add', [ITEM, count], called));
      const { answers } = connection.receive(answerBytes(++id));
      for (const { token, message } of answers) {
        if (message.type === 'result') token.callback(message.result);
      }
      return called;
    };
  },
  'json-rpc-2.0': () => {
    let id = 0;
    const client = new JSONRPCClient((payload) => {
      checkRequest(JSON.stringify(payload));
      client.receive(JSON.parse(answerBytes(++id).toString()));
    });
    return (count) => client.request('add', [ITEM, count]);
  },
};

/** The bytes of an answer, made in the same way for both. */
const answerBytes = (id: number): Buffer =>
  Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":${RESULT}}`);
function serving(
  messages: object,
  answers: object,
  operations: number,
): (make: () => Server) => Measure {
  const bytes = Buffer.from(JSON.stringify(messages));
  return (make) => async (effort) => {
    const serve = make();
    const first = (await serve(bytes)) ?? '';
    deepStrictEqual(JSON.parse(first), answers);
    const batch = async (): Promise<number> => {
      let characters = 0;
      for (let i = 0; i < operations; i++) characters += (await serve(bytes))?.length ?? 0;
      return characters;
    };
    const check = (characters: number): void =>
      expectSame('characters', characters, operations * first.length);
    return { '': await nsPerOperation(effort, operations, batch, check) };
  };
}

const CALLS = 500;

function calling(make: () => Client): Measure {
  return async (effort) => {
    const call = make();
    const batch = async (): Promise<number> => {
      let metres = 0;
      for (let i = 0; i < CALLS; i++) metres += ((await call(i)) as { metres: number }).metres;
      return metres;
    };
    const check = (metres: number): void => expectSame('metres', metres, CALLS * 12);
    return { '': await nsPerOperation(effort, CALLS, batch, check) };
  };
}

function caseOf<T>(
  name: string,
  makers: Readonly<Record<string, () => T>>,
  measure: (make: () => T) => Measure,
): MicroCase {
  const contenders = Object.entries(makers).map(([one, make]) => [one, measure(make)] as const);
  return { name, reference: 'json-rpc-2.0', contenders: Object.fromEntries(contenders) };
}

const ids = Array.from({ length: BATCH }, (_, i) => i + 1);

export const bench: MicroBench = {
  title: 'Calls by JSON-RPC',
  workload:
    'Bytes of a call are read, a function is called, and the answer is written: one call, or a batch of 50. `make a call` writes a call and reads the ' +
    'bytes of its answer. There are no sockets. `json-rpc-2.0` is that package, with JSON.parse and JSON.stringify as its documentation shows; it ' +
    'has no limits of depth, length and time.',
  unit: 'ns a message',
  cases: [
    caseOf('answer a call', SERVERS, serving(request(1), answer(1), 500)),
    caseOf('answer a batch', SERVERS, serving(ids.map(request), ids.map(answer), 20)),
    caseOf('make a call', CLIENTS, calling),
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);

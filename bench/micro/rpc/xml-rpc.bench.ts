// Writes and reads messages of XML-RPC, against the package xmlrpc.
//
//     npx tsx bench/micro/rpc/xml-rpc.bench.ts [--rounds N] [--quick]

import { deepStrictEqual } from 'node:assert/strict';
import { Readable } from 'node:stream';
import { parseXMLRPCCall, serializeXMLRPCCall } from '../../../src/protocols/xml-rpc/index.js';
import type { Measure, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

/** The parts of the package that its client and server use: it has no types. */
interface XmlrpcSerializer {
  serializeMethodCall(method: string, params: readonly unknown[]): string;
}

type Found = (error: unknown, method: string, params: readonly unknown[]) => void;

type XmlrpcDeserializer = new () => {
  deserializeMethodCall(source: Readable, found: Found): void;
};

const SERIALIZER: string = 'xmlrpc/lib/serializer.js';
const DESERIALIZER: string = 'xmlrpc/lib/deserializer.js';
const { default: serializer } = (await import(SERIALIZER)) as {
  readonly default: XmlrpcSerializer;
};
const { default: Deserializer } = (await import(DESERIALIZER)) as {
  readonly default: XmlrpcDeserializer;
};

interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

interface Contender {
  write(call: Call): string;
  read(bytes: Buffer): Call | Promise<Call>;
}

const CONTENDERS: Readonly<Record<string, Contender>> = {
  ropewalk: {
    write: ({ method, params }) => serializeXMLRPCCall(method, params as never),
    read: (bytes) => parseXMLRPCCall(bytes),
  },
  xmlrpc: {
    write: ({ method, params }) => serializer.serializeMethodCall(method, params),
    read: (bytes) =>
      new Promise((resolve, reject) => {
        const source = new Readable({ read() {} });
        new Deserializer().deserializeMethodCall(source, (error, method, params) => {
          if (error == null) resolve({ method, params });
          else reject(error);
        });
        source.push(bytes);
        source.push(null);
      }),
  },
};

const SMALL: Call = { method: 'shop.add', params: ['rope', 12, true] };
const LARGE: Call = {
  method: 'shop.addAll',
  params: [
    Array.from({ length: 100 }, (_, i) => ({
      id: i,
      name: `Rope of ${i} metres`,
      price: i + 0.25,
      available: i % 2 === 0,
      tags: ['hemp', 'natural'],
    })),
  ],
};

/** Structs that are read have no prototype, or that of objects. */
const plain = (call: Call): unknown => JSON.parse(JSON.stringify([call.method, call.params]));

function writing(call: Call, operations: number): (contender: Contender) => Measure {
  return ({ write }) =>
    async (effort) => {
      const text = write(call);
      deepStrictEqual(plain(parseXMLRPCCall(text)), plain(call));
      const batch = (): number => {
        let characters = 0;
        for (let i = 0; i < operations; i++) characters += write(call).length;
        return characters;
      };
      const check = (characters: number): void =>
        expectSame('characters', characters, operations * text.length);
      return { '': await nsPerOperation(effort, operations, batch, check) };
    };
}

function reading(call: Call, operations: number): (contender: Contender) => Measure {
  const bytes = Buffer.from(serializeXMLRPCCall(call.method, call.params as never));
  return ({ read }) =>
    async (effort) => {
      deepStrictEqual(plain(await read(bytes)), plain(call));
      const batch = async (): Promise<number> => {
        let params = 0;
        for (let i = 0; i < operations; i++) {
          const found = read(bytes);
          params += (found instanceof Promise ? await found : found).params.length;
        }
        return params;
      };
      const check = (params: number): void =>
        expectSame('parameters', params, operations * call.params.length);
      return { '': await nsPerOperation(effort, operations, batch, check) };
    };
}

function caseOf(name: string, measure: (contender: Contender) => Measure): MicroCase {
  const contenders = Object.entries(CONTENDERS).map(([one, its]) => [one, measure(its)] as const);
  return { name, reference: 'xmlrpc', contenders: Object.fromEntries(contenders) };
}

export const bench: MicroBench = {
  title: 'Messages of XML-RPC',
  workload:
    'A call with three parameters, or with an array of 100 structs of five members, is written to text or read from bytes. `xmlrpc` is ' +
    'that package; it reads only from streams, so its figures for reading include one that holds the bytes. It has no limits, and ignores what ' +
    'is not where it belongs.',
  unit: 'ns a message',
  cases: [
    caseOf('write a small call', writing(SMALL, 500)),
    caseOf('read a small call', reading(SMALL, 500)),
    caseOf('write 100 structs', writing(LARGE, 5)),
    caseOf('read 100 structs', reading(LARGE, 5)),
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);

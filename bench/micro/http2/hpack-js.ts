// The package hpack.js as a contender.

import { createRequire } from 'node:module';

export type Fields = readonly (readonly [name: string, value: string])[];

/** Encodes a list so often, with one table. @returns The blocks. */
export type EncodeAll = (fields: Fields, times: number) => Buffer[];
/** Decodes blocks with one table. @returns The number of fields. */
export type DecodeAll = (blocks: readonly Buffer[]) => number;

interface Field {
  readonly name: string;
  readonly value: string;
}

interface HpackJs {
  readonly compressor: {
    create(options: object): { write(fields: readonly Field[]): void; read(): Buffer };
  };
  readonly decompressor: {
    create(options: object): {
      write(block: Buffer): void;
      execute(): void;
      read(): Field | null | undefined;
    };
  };
}

const hpack = createRequire(import.meta.url)('hpack.js') as HpackJs;
const OPTIONS = { table: { size: 4096 } };

export const encodeWithHpackJs: EncodeAll = (fields, times) => {
  const compressor = hpack.compressor.create(OPTIONS);
  const list = fields.map(([name, value]) => ({ name, value }));
  const blocks: Buffer[] = [];
  for (let i = 0; i < times; i++) {
    compressor.write(list);
    blocks.push(compressor.read());
  }
  return blocks;
};

export const decodeWithHpackJs: DecodeAll = (blocks) => {
  const decompressor = hpack.decompressor.create(OPTIONS);
  let read = 0;
  for (const block of blocks) {
    decompressor.write(block);
    decompressor.execute();
    while (decompressor.read()) read += 1;
  }
  return read;
};

// What keeps a wrong addon out of the npm package: the checker of one file, and the listing of all.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readAddonFile } from '../../tools/addon-file.mjs';
import { faultsOfAddon, nodeImports } from '../../tools/check-addon.mjs';
import { hideExports } from '../../tools/mach-exports.mjs';
import {
  faultsOfPrebuilds,
  readListing,
  sha256,
  sourcesDigest,
  writeListing,
} from '../../tools/prebuild-listing.mjs';
import { MAXIMUM_BYTES, TARGETS } from '../../tools/prebuild-targets.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const addon = readFileSync(join(ROOT, 'build', 'Release', 'ropewalk.node'));
const { format, machine } = readAddonFile(addon);

describe('The checker of an addon', () => {
  it('finds in the local one what Node looks for', () => {
    expect(readAddonFile(addon).exports).toContain('napi_register_module_v1');
  });

  it('finds every imported Node function in native/node_imports_win.cc', () => {
    const imports = readAddonFile(addon).imports.map(({ name }) => name);
    const ofNode = imports.filter((name) => /^(napi|node_api|uv)_/.test(name));
    expect(ofNode).not.toEqual([]);
    expect(ofNode.filter((name) => !nodeImports().has(name))).toEqual([]);
  });

  for (const target of TARGETS) {
    if (target.format === format && target.machine === machine) continue;
    it(`refuses the local one for ${target.name}`, () => {
      expect(faultsOfAddon(addon, target)).toEqual([`it is ${format} for ${machine}`]);
    });
  }

  for (const target of TARGETS) {
    if (target.format !== format || target.machine !== machine) continue;
    it(`names every library that ${target.name} may lack`, () => {
      const faults = faultsOfAddon(addon, { ...target, libraries: /^none$/ });
      for (const library of readAddonFile(addon).libraries) {
        expect(faults).toContain(`it needs ${library}`);
      }
    });

    it(`refuses what is too large for ${target.name}`, () => {
      const padded = Buffer.concat([addon, Buffer.alloc(MAXIMUM_BYTES)]);
      expect(faultsOfAddon(padded, target)).toContain(`it has ${padded.length} bytes`);
    });

    it(`refuses what is cut short for ${target.name}`, () => {
      expect(faultsOfAddon(addon.subarray(0, 100), target)).toEqual(['unreadable: cut short']);
    });
  }

  it('refuses what is no addon at all', () => {
    const [target] = TARGETS.slice(0, 1);
    if (target === undefined) throw new Error('there are no targets');
    expect(faultsOfAddon(Buffer.from('#!/bin/sh\n'), target)).toEqual([
      'unreadable: neither ELF, Mach-O nor PE',
    ]);
  });
});

/**
 * A signed Mach-O dylib of nothing but its tables: it defines `_wanted` and `_hidden`, lacks `_undefined`, and its
 * trie of exports (one zero, with room) is still to be written.
 */
function dylib(): Buffer {
  const bytes = Buffer.alloc(1024);
  const words = (at: number, ...values: number[]): void => {
    for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, at + i * 4);
  };
  words(0, 0xfeedfacf, 0x0100000c, 0, 6, 3);
  words(32, 0x80000022, 48);
  words(32 + 40, 256, 64);
  words(80, 0x02, 24, 320, 3, 384, 64);
  words(104, 0x1d, 16, 512, 256);
  bytes.write('\0_wanted\0_hidden\0_undefined\0', 384, 'latin1');
  const symbol = (at: number, name: number, type: number, address: number): void => {
    words(at, name, type, address);
  };
  symbol(320, 1, 0x0f, 0x4321);
  symbol(336, 9, 0x0f, 0x1234);
  symbol(352, 17, 0x01, 0);
  const directory = 512 + 20;
  for (const [at, value] of [
    [512, 0xfade0cc0],
    [512 + 8, 1],
    [512 + 16, 20],
    [directory, 0xfade0c02],
    [directory + 16, 44],
    [directory + 28, 2],
    [directory + 32, 512],
  ] as const) {
    bytes.writeUInt32BE(value, at);
  }
  // Pages of 256 bytes.
  bytes.writeUInt8(8, directory + 39);
  return bytes;
}

describe('A dylib whose exports are hidden', () => {
  it('exports what is wanted, with its address, and still lacks what it lacked', () => {
    const bytes = dylib();
    hideExports(bytes, ['wanted']);
    const { exports, imports } = readAddonFile(bytes);
    expect(exports).toEqual(['wanted']);
    expect(imports).toEqual([{ name: 'undefined', from: '' }]);
    const trie = bytes.subarray(256, 256 + bytes.readUInt32LE(32 + 44));
    // Root with one edge to byte 12, where a node of four bytes says: ordinary, 0x4321, no edges.
    expect(trie.toString('latin1')).toBe('\0\x01_wanted\0\x8c\0\x04\0\xa1\x86\x01\0');
  });

  it('is signed as it is then', () => {
    const bytes = dylib();
    hideExports(bytes, ['wanted']);
    for (const page of [0, 1]) {
      const hash = sha256(bytes.subarray(page * 256, page * 256 + 256));
      const at = 512 + 20 + 44 + page * 32;
      expect(bytes.toString('hex', at, at + 32)).toBe(hash);
    }
  });
});

describe('The listing of the prebuilds', () => {
  const targets = TARGETS.filter((target) => target.name === 'win32-x64');
  const file = 'win32-x64/ropewalk.node';
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-listing-'));
    mkdirSync(dirname(join(folder, file)));
    writeFileSync(join(folder, file), 'an addon');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function list(sources: string, content: string): void {
    writeListing(folder, { sources, sums: new Map([[file, sha256(Buffer.from(content))]]) });
  }

  it('is read as it was written', () => {
    list('abc', 'an addon');
    expect(readListing(folder)).toEqual({
      sources: 'abc',
      sums: new Map([[file, sha256(Buffer.from('an addon'))]]),
    });
  });

  it('says that there are none where it is missing itself', () => {
    expect(faultsOfPrebuilds(ROOT, folder, targets)).toEqual(['there are none']);
  });

  it('tells the addons of other sources', () => {
    list('0'.repeat(64), 'an addon');
    expect(faultsOfPrebuilds(ROOT, folder, targets)).toContain(
      'the sources have changed since they were made',
    );
  });

  it('tells a file that is gone', () => {
    list(sourcesDigest(ROOT), 'an addon');
    rmSync(join(folder, file));
    expect(faultsOfPrebuilds(ROOT, folder, targets)).toEqual(['win32-x64 is missing']);
  });

  it('tells a file that is another, and judges each', () => {
    list(sourcesDigest(ROOT), 'another addon');
    expect(faultsOfPrebuilds(ROOT, folder, targets)).toEqual([
      'win32-x64 is not the file that was made',
      'win32-x64: unreadable: neither ELF, Mach-O nor PE',
    ]);
  });
});

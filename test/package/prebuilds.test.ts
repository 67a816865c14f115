// What keeps a wrong addon out of the npm package: the checker of one file, and the listing of all.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readAddonFile } from '../../tools/addon-file.mjs';
import { faultsOfAddon } from '../../tools/check-addon.mjs';
import {
  faultsOfPrebuilds,
  readListing,
  sha256,
  sourcesDigest,
  writeListing,
} from '../../tools/prebuild-listing.mjs';
import { TARGETS } from '../../tools/prebuild-targets.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const addon = readFileSync(join(ROOT, 'build', 'Release', 'ropewalk.node'));
const { format, machine } = readAddonFile(addon);

describe('The checker of an addon', () => {
  it('finds in the local one what Node looks for', () => {
    expect(readAddonFile(addon).exports).toContain('napi_register_module_v1');
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
      const padded = Buffer.concat([addon, Buffer.alloc(400 * 1024)]);
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

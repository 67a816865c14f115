// @ts-check
// Reads and writes prebuilds/SHA256SUMS, which lists the addons and the digest of the sources they were
// made from (`sha256sum --check` reads it too), and decides whether they may be published.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { digestOf, nativeFiles } from './addon-sources.mjs';
import { faultsOfAddon } from './check-addon.mjs';

/** @typedef {import('./prebuild-targets.mjs').Target} Target */

/**
 * @typedef {object} Listing
 * @property {string} sources the digest of the addons' sources
 * @property {Map<string, string>} sums SHA-256 by file
 */

/** Covers everything that determines the bytes of a prebuild. @param {string} root */
function sourcesDigest(root) {
  return digestOf(root, [
    ...nativeFiles(root),
    'native/binding.gyp',
    'tools/addon-file.mjs',
    'tools/addon-sources.mjs',
    'tools/mach-exports.mjs',
    'tools/prebuild-targets.mjs',
    'tools/prebuilds.mjs',
    'tools/toolchain/exports.map',
    'tools/toolchain/libc++.tbd',
    'tools/toolchain/package-lock.json',
    'tools/toolchain/terminate.cc',
  ]);
}

/** @param {Buffer} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** @param {string} folder @returns {Listing} empty if there is no file */
function readListing(folder) {
  const path = join(folder, 'SHA256SUMS');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return {
    sources: /^# sources (\w+)$/m.exec(text)?.[1] ?? '',
    sums: new Map(
      [...text.matchAll(/^(\w{64}) {2}(\S+)$/gm)].map(([, sum = '', file = '']) => [file, sum]),
    ),
  };
}

/** @param {string} folder @param {Listing} listing */
function writeListing(folder, { sources, sums }) {
  const lines = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([f, sum]) => `${sum}  ${f}`);
  writeFileSync(join(folder, 'SHA256SUMS'), `# sources ${sources}\n${lines.join('\n')}\n`);
}

/**
 * The reasons why these prebuilds can't be published.
 *
 * @param {string} root
 * @param {string} folder
 * @param {readonly Target[]} targets
 * @returns {string[]}
 */
function faultsOfPrebuilds(root, folder, targets) {
  const { sources, sums } = readListing(folder);
  if (sums.size === 0) return ['there are none'];
  const faults = [];
  if (sources !== sourcesDigest(root)) faults.push('the sources have changed since they were made');
  for (const target of targets) {
    const path = join(folder, target.file);
    const sum = sums.get(target.file);
    if (sum === undefined || !existsSync(path)) {
      faults.push(`${target.name} is missing`);
      continue;
    }
    const bytes = readFileSync(path);
    if (sha256(bytes) !== sum) faults.push(`${target.name} is not the file that was made`);
    faults.push(...faultsOfAddon(bytes, target).map((fault) => `${target.name}: ${fault}`));
  }
  return faults;
}

export { faultsOfPrebuilds, readListing, sha256, sourcesDigest, writeListing };

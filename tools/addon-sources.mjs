// @ts-check
// Reads the addon's sources from native/binding.gyp, the one list for local builds and prebuilds.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A file of gyp is JSON with comments and commas at the ends of lists.
 *
 * @param {string} text
 */
function parseGyp(text) {
  return JSON.parse(text.replace(/^\s*#.*$/gm, '').replace(/,(?=\s*[\]}])/g, ''));
}

/**
 * Whether a condition that chooses sources is true. It may only test the operating system.
 *
 * @param {string} condition such as `OS!='win'` or `OS in 'mac freebsd'.split()`
 * @param {string} os
 */
function holds(condition, os) {
  const one = /^OS\s*([!=]=)\s*'(\w+)'$/.exec(condition);
  if (one !== null) return (one[1] === '==') === (one[2] === os);
  const several = /^OS in '([\w ]+)'\.split\(\)$/.exec(condition);
  if (several?.[1] !== undefined) return several[1].split(' ').includes(os);
  throw new Error(`native/binding.gyp: sources depend on ${condition}`);
}

/** @typedef {{ sources?: string[], libraries?: string[] }} Branch */

/**
 * @param {string} root the project's folder
 * @param {string} os as gyp calls it: linux, mac, win
 * @returns {{ sources: string[], libraries: string[], defines: string[] }} paths below `root`
 */
function addonSources(root, os) {
  const [target] = parseGyp(readFileSync(join(root, 'native', 'binding.gyp'), 'utf8')).targets;
  const sources = [...target.sources];
  const libraries = [];
  for (const [condition, ...branches] of target.conditions) {
    const chooses = (/** @type {Branch} */ branch) => branch.sources ?? branch.libraries;
    if (!branches.some(chooses)) continue;
    const branch = branches[holds(condition, os) ? 0 : 1];
    sources.push(...(branch?.sources ?? []));
    libraries.push(...(branch?.libraries ?? []));
  }
  return {
    sources: sources.map((file) => join('native', file)),
    libraries,
    defines: target.defines,
  };
}

/** Everything that is compiled, below `root`: native tests and fuzzers are not. @param {string} root */
function nativeFiles(root) {
  return readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(cc|h)$/.test(file) && !/^(test|fuzz)[/\\]/.test(file))
    .map((file) => join('native', file))
    .sort();
}

/**
 * A digest of some files' names and contents.
 *
 * @param {string} root
 * @param {string[]} files below `root`
 */
function digestOf(root, files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = createHash('sha256')
      .update(readFileSync(join(root, file)))
      .digest('hex');
    hash.update(`${content}  ${file.replaceAll('\\', '/')}\n`);
  }
  return hash.digest('hex');
}

export { addonSources, digestOf, nativeFiles };

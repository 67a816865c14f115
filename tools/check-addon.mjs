// @ts-check
// Checks an addon without running it: that the file matches its target, and requires nothing that a
// system of that kind may lack.
//
//   node tools/check-addon.mjs TARGET FILE

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { readAddonFile, UnreadableAddonError } from './addon-file.mjs';
import { MAXIMUM_BYTES, TARGETS } from './prebuild-targets.mjs';

/** @typedef {import('./addon-file.mjs').AddonFile} AddonFile */
/** @typedef {import('./prebuild-targets.mjs').Target} Target */

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The symbols that Node looks for in an addon. */
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** The functions of Node that the addon may call: the list of native/node_imports_win.cc. */
function nodeImports() {
  const text = readFileSync(join(root, 'native', 'node_imports_win.cc'), 'utf8');
  return new Set([...text.matchAll(/^ {2}X\((\w+)\)/gm)].map((match) => match[1]));
}

/** @param {string} version @param {string} floor */
function isNewer(version, floor) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [floorMajor = 0, floorMinor = 0] = floor.split('.').map(Number);
  return major > floorMajor || (major === floorMajor && minor > floorMinor);
}

/** @param {AddonFile} addon @param {Target} target */
function faultsOfImports(addon, target) {
  const faults = [];
  const known = nodeImports();
  for (const { name, from } of addon.imports) {
    if (/^(napi|node_api|uv)_/.test(name)) {
      if (from !== '') faults.push(`${name} is bound to ${from}`);
      else if (!known.has(name)) faults.push(`${name} is no import of native/node_imports_win.cc`);
    } else if (target.format === 'elf') {
      const glibc = /^GLIBC_([\d.]+)$/.exec(from)?.[1];
      if (target.glibc === undefined) {
        if (from !== '' || /_chk$|^gnu_|^__isoc/.test(name)) faults.push(`${name} is of glibc`);
      } else if (glibc === undefined) {
        faults.push(`${name} is of ${from === '' ? 'nobody we know' : from}`);
      } else if (isNewer(glibc, target.glibc)) {
        faults.push(`${name} needs glibc ${glibc}`);
      }
    } else if (from === '') faults.push(`${name} is of nobody we know`);
  }
  return faults;
}

/** @param {AddonFile} addon @param {Target} target */
function faultsOfPlatform(addon, target) {
  const faults = [];
  if (target.format === 'mach-o') {
    if (`macOS ${addon.minimumMacOS}` !== target.minimum) {
      faults.push(`it needs macOS ${addon.minimumMacOS}`);
    }
    if (target.machine === 'arm64' && addon.signed !== true) faults.push('it is not signed');
  }
  if (target.format === 'pe' && addon.timestamp !== 0) {
    faults.push(`it says when it was made (${addon.timestamp})`);
  }
  return faults;
}

/**
 * @param {Buffer} bytes
 * @param {Target} target
 * @returns {string[]} empty if the addon is good
 */
function faultsOfAddon(bytes, target) {
  let addon;
  try {
    addon = readAddonFile(bytes);
  } catch (error) {
    if (error instanceof UnreadableAddonError) return [`unreadable: ${error.message}`];
    throw error;
  }
  if (addon.format !== target.format || addon.machine !== target.machine) {
    return [`it is ${addon.format} for ${addon.machine}`];
  }
  const foreign = addon.libraries.filter((library) => !target.libraries.test(library));
  const missing = EXPORTS.filter((name) => !addon.exports.includes(name));
  const tooMany = addon.exports.filter(
    (name) => !EXPORTS.includes(name) && target.exports?.test(name) !== true,
  );
  return [
    ...(bytes.length < MAXIMUM_BYTES ? [] : [`it has ${bytes.length} bytes`]),
    ...foreign.map((library) => `it needs ${library}`),
    ...missing.map((name) => `${name} is not exported`),
    ...(tooMany.length === 0 ? [] : [`${tooMany.length} exports more, as ${tooMany[0]}`]),
    ...faultsOfImports(addon, target),
    ...faultsOfPlatform(addon, target),
  ];
}

function main() {
  const [name, file, ...rest] = process.argv.slice(2);
  const target = TARGETS.find((known) => known.name === name);
  if (target === undefined || file === undefined || rest.length > 0) {
    console.error(
      `check-addon.mjs TARGET FILE, with one of ${TARGETS.map((known) => known.name).join(', ')}`,
    );
    process.exitCode = 2;
    return;
  }
  const faults = faultsOfAddon(readFileSync(file), target);
  for (const fault of faults) console.error(`${name}: ${fault}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();

export { EXPORTS, faultsOfAddon, nodeImports };

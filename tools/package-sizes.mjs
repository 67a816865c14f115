// @ts-check
// The sizes in docs/howto/install.md: `node tools/package-sizes.mjs` writes them, after node tools/build.mjs.
// test/package/tarball.test.ts compares them, with a tolerance, with the package.

import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { MAXIMUM_BYTES, TARGETS } from './prebuild-targets.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const page = join(root, 'docs', 'howto', 'install.md');

// Limits, with room above the measured sizes, assuming all prebuilds of maximum size (half of that packed).
const MAX_PREBUILDS_BYTES = TARGETS.length * MAXIMUM_BYTES;
export const MAX_PACKED_BYTES = 5_500_000 + MAX_PREBUILDS_BYTES / 2;
export const MAX_UNPACKED_BYTES = 23_000_000 + MAX_PREBUILDS_BYTES;
export const MAX_IMPORTED_FILES = 380;
export const MAX_IMPORTED_HEAP_BYTES = 12_000_000;

/**
 * The modules that an import of a compiled module loads, itself included, except those that it loads later by `import()`.
 * @param {string} file @param {Set<string>} [seen]
 * @returns {Set<string>}
 */
export function importedFiles(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = /^(?:import|export)\b[^'"]*?(?:from )?'(\.[^']+)';/gm;
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(imports)) {
    importedFiles(join(dirname(file), path), seen);
  }
  return seen;
}

/**
 * The modules and bytes of code of each entry point, in the order of package.json.
 * @returns {{ name: string, files: number, bytes: number }[]}
 */
export function importCosts() {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([path, target]) => {
    const file = /** @type {{ default?: string }} */ (target).default;
    if (file === undefined) return [];
    const files = [...importedFiles(join(root, file))];
    const bytes = files.reduce((sum, one) => sum + statSync(one).size, 0);
    return [{ name: path.replace(/^\./, name), files: files.length, bytes }];
  });
}

/** @typedef {{ packed: number, unpacked: number }} PackedSize */

/** @param {number} bytes */
const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/**
 * The part of the page that has sizes.
 * @param {PackedSize} size without prebuilds
 */
function section({ packed, unpacked }) {
  const rows = importCosts().map(({ name, files, bytes }) => {
    return `| \`${name}\` | ${files} | ${Math.round(bytes / 1000).toLocaleString('en')} |`;
  });
  return `## Size

Without prebuilds, the package has ${mb(packed)} packed and ${mb(unpacked)} unpacked. \`tools/check-package.mjs\` checks these limits: the
package at most ${mb(MAX_PACKED_BYTES)} packed and ${mb(MAX_UNPACKED_BYTES)} unpacked with all prebuilds, an import of \`ropewalk\` at most
${MAX_IMPORTED_FILES} modules and ${mb(MAX_IMPORTED_HEAP_BYTES)} of heap.

Entry points share modules: each import adds only those that are not loaded yet.

| Import | Modules | kB of code |
|---|--:|--:|
${rows.join('\n')}
`;
}

/**
 * The page with these sizes.
 * @param {string} text @param {PackedSize} size
 */
export function withSizes(text, size) {
  return `${text.slice(0, text.indexOf('## Size'))}${section(size)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  const [{ size, unpackedSize }] = JSON.parse(stdout);
  const text = readFileSync(page, 'utf8');
  writeFileSync(page, withSizes(text, { packed: size, unpacked: unpackedSize }));
}

// @ts-check
// Packs tests, with the package and everything else they need, into a folder that any JavaScript engine on any platform
// can run: vitest itself runs neither outside Node nor under emulation. Each TypeScript file becomes a JavaScript file, so
// that modules, workers and child programs keep their relative paths.
//
//   node tools/portable-tests.mjs OUT [--tests test/model,test/contract]    run in this order
//   ENGINE OUT/run.mjs ...             see tools/portable/run.mjs

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

/** The oldest engine that the package supports. */
const TARGET = 'node20';
const PORTABLE_TESTS = 'test/contract,test/model,test/native-binding';
/** These load the installed package from `dist` and build bundles; a pack contains neither `dist` nor a bundler. */
const NOT_PORTABLE = ['test/native-binding/loading.test.ts'];
/** Packages that tests import, each bundled into one file. */
const VENDORED = { vitest: 'tools/portable/vitest.mjs', 'fast-check': 'fast-check' };

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tests: { type: 'string', default: PORTABLE_TESTS } },
});
const [target] = positionals;
if (target === undefined) {
  console.error('usage: node tools/portable-tests.mjs OUT [--tests FOLDER,FILE,...]');
  process.exit(2);
}
const out = resolve(target);
process.chdir(root);

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const portable = filesUnder('test')
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => !NOT_PORTABLE.includes(file));
const wanted = values.tests.split(',').flatMap(testsAt);
const tests = [...new Set(wanted)].map(asJavaScript);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await Promise.all([vendor(), transform([...filesUnder('src'), ...filesUnder('test')])]);
copyTheRest();
console.log(`${target}: ${tests.length} files of tests`);

/** Paths with forward slashes. @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).replaceAll('\\', '/'))
    .sort();
}

/** @param {string} path of a folder, or the beginning of a file's @returns {string[]} */
function testsAt(path) {
  const found = portable.filter((file) => file.startsWith(path));
  if (found.length > 0) return found;
  console.error(`there is no test at ${path}`);
  process.exit(2);
}

/** @param {string} file */
function asJavaScript(file) {
  return file.replace(/\.ts$/, '.js');
}

async function vendor() {
  const entryPoints = Object.entries(VENDORED).map(([name, from]) => ({ in: from, out: name }));
  await build({
    entryPoints,
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: TARGET,
    logLevel: 'warning',
  });
}

/** @param {string[]} files */
async function transform(files) {
  await build({
    entryPoints: files.filter((file) => extname(file) === '.ts'),
    outdir: out,
    outbase: '.',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: TARGET,
    logLevel: 'warning',
    plugins: [{ name: 'file by file', setup: keepFilesApart }],
  });
}

/**
 * Does not bundle; packages that are imported by name are files beside `run.mjs`. Programs named by URL become JavaScript
 * too.
 *
 * @param {import('esbuild').PluginBuild} pack
 */
function keepFilesApart(pack) {
  pack.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
    if (kind === 'entry-point') return undefined;
    const vendored = path in VENDORED;
    const up = relative(dirname(importer), root).replaceAll('\\', '/') || '.';
    return { path: vendored ? `${up}/${path}.mjs` : path, external: true };
  });
  pack.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
    contents: readFileSync(path, 'utf8').replaceAll(
      /(new URL\('[^']+)\.ts(', import\.meta\.url\))/g,
      '$1.js$2',
    ),
    loader: 'ts',
  }));
}

/** Files that are read rather than imported, and the package's own dependencies. */
function copyTheRest() {
  const others = [...filesUnder('test'), ...filesUnder('docs')];
  for (const file of others.filter((file) => extname(file) !== '.ts')) {
    cpSync(file, join(out, file));
  }
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    cpSync(`node_modules/${name}`, join(out, 'node_modules', name), {
      recursive: true,
      dereference: true,
    });
  }
  cpSync('package.json', join(out, 'package.json'));
  for (const file of ['run.mjs', 'slowness.mjs']) cpSync(`tools/portable/${file}`, join(out, file));
  writeFileSync(join(out, 'tests.json'), `${JSON.stringify(tests, undefined, 1)}\n`);
}

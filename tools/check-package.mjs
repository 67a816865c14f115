// @ts-check
// Packs the package as npm would publish it, and uses it as others will: with no compiler, no
// install script and no prebuild, compiled where it was installed, from ESM, CommonJS and TypeScript.
// Needs dist/ and the addon built; takes about a minute. Not for Windows. `npm run check -- package`.
//
// TypeScript's `node10` resolution knows no "exports": there the root alone would be found, by
// "main", which this package lacks on purpose.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { nodeHeaders } from './node-headers.mjs';
import { MAXIMUM_BYTES, TARGETS } from './prebuild-targets.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// Bounds, with room above what was measured, and all prebuilds as large as they may be (half of that packed).
const MAX_PREBUILDS_BYTES = TARGETS.length * MAXIMUM_BYTES;
const MAX_PACKED_BYTES = 1_200_000 + MAX_PREBUILDS_BYTES / 2;
const MAX_UNPACKED_BYTES = 5_000_000 + MAX_PREBUILDS_BYTES;
const MAX_IMPORTED_FILES = 250;
const MAX_IMPORTED_HEAP_BYTES = 12_000_000;

const doors = Object.keys(manifest.exports).map((door) => door.replace(/^\./, manifest.name));
// That for vitest can be imported by vitest alone.
const plainDoors = doors.filter((door) => !door.endsWith('/vitest'));

const work = mkdtempSync(join(tmpdir(), 'ropewalk-package-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', ...options });
  const output = `${result.stdout}${result.stderr}`;
  assert.equal(result.status, 0, `${command} ${args.join(' ')}:\n${result.error ?? output}`);
  return result;
}

/** @param {string} name @param {() => string | void} check */
function step(name, check) {
  const begun = performance.now();
  const said = check();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`ok  ${name}${said ? `: ${said}` : ''} (${seconds} s)`);
}

/** @param {string} name a program of the dev dependencies */
const bin = (name) => join(root, 'node_modules', '.bin', name);

let tarball = '';
const project = join(work, 'project');
const installed = join(project, 'node_modules', manifest.name);
const tuple = `${process.platform}-${process.arch}`;

/** What the programs below run with: nothing that could compile, nothing that speaks for the addon. */
const bare = { PATH: join(work, 'bin'), HOME: work, NODE_OPTIONS: '' };

/** @param {string} file @param {string} text */
function program(file, text) {
  writeFileSync(join(project, file), text);
  return run(process.execPath, [file], { cwd: project, env: bare });
}

step('pack', () => {
  const pack = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work]);
  const [{ filename, size, unpackedSize, files }] = JSON.parse(pack.stdout);
  tarball = join(work, filename);
  const names = files.map((/** @type {{ path: string }} */ file) => file.path);
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json']) {
    assert.ok(names.includes(name), `${name} is not in the tarball`);
  }
  const strange = names.filter((/** @type {string} */ name) =>
    /^(test|bench|tools|examples|build|\.)|\.test\.|tsbuildinfo|native\/(test|fuzz)\//.test(name),
  );
  assert.deepEqual(strange, [], 'these do not belong into the tarball');
  assert.ok(size <= MAX_PACKED_BYTES, `${size} bytes packed, at most ${MAX_PACKED_BYTES}`);
  assert.ok(unpackedSize <= MAX_UNPACKED_BYTES, `${unpackedSize} bytes unpacked`);
  return `${names.length} files, ${size} bytes packed, ${unpackedSize} unpacked`;
});

step('publint', () => void run(bin('publint'), ['run', tarball, '--strict']));

// CommonJS gets ESM by require(esm), which Node 20.19 has: that is no fault of the types.
step('attw', () => {
  run(bin('attw'), [tarball, '--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm']);
});

step('install without scripts or compiler', () => {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  const path = join(work, 'bin');
  mkdirSync(path);
  for (const name of ['node', 'npm', 'sh']) {
    const found = run('which', [name]).stdout.trim();
    symlinkSync(realpathSync(found), join(path, name));
  }
  run('npm', ['install', '--ignore-scripts', '--offline', '--no-audit', '--no-fund', tarball], {
    cwd: project,
    env: { ...process.env, PATH: path },
  });
  const paths = spawnSync('grep', ['-rlF', root, installed], { encoding: 'utf8' }).stdout ?? '';
  assert.equal(paths, '', 'these name paths of this machine');
});

const ONE_REACTOR = `
  const reactor = createReactor();
  createReactor()[Symbol.asyncDispose]();
  console.log(reactor.kind);
  reactor[Symbol.asyncDispose]();
`;
const ESM = `import { createReactor } from 'ropewalk';${ONE_REACTOR}`;
const CJS = `const { createReactor } = require('ropewalk');${ONE_REACTOR}`;

step('without an addon: pure JS and one warning', () => {
  rmSync(join(installed, 'prebuilds', tuple), { recursive: true, force: true });
  const { stdout, stderr } = program('bare.mjs', ESM);
  assert.equal(stdout, 'node\n');
  assert.equal(stderr.match(/RopewalkWarning/g)?.length, 1, stderr);
});

step('compiled where it is installed: native', () => {
  const headers = nodeHeaders();
  const gyp = [require.resolve('node-gyp/bin/node-gyp.js'), 'rebuild', '--jobs', 'max'];
  run(process.execPath, headers ? [...gyp, '--nodedir', headers] : gyp, { cwd: installed });
  const { stdout, stderr } = program('compiled.mjs', ESM);
  assert.equal(stdout, 'native\n');
  assert.equal(stderr, '');
  rmSync(join(installed, 'build'), { recursive: true });
});

step('with a prebuild: native, by import and by require', () => {
  const folder = join(installed, 'prebuilds', tuple);
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'build', 'Release', 'ropewalk.node'), join(folder, 'ropewalk.node'));
  for (const [file, text] of Object.entries({ 'native.mjs': ESM, 'native.cjs': CJS })) {
    const { stdout, stderr } = program(file, text);
    assert.equal(stdout, 'native\n');
    // Node 20 and 22 warn that require(esm) is experimental.
    assert.doesNotMatch(stderr, /RopewalkWarning/);
  }
  run(process.execPath, [join(installed, 'dist', 'cli', 'main.js'), 'doctor'], { env: bare });
});

step('every door', () => {
  const lines = plainDoors.map((door) => `assert.ok(Object.keys(await import('${door}')).length);`);
  program('doors.mjs', `import assert from 'node:assert';\n${lines.join('\n')}`);
  return plainDoors.join(' ');
});

step('cost of an import', () => {
  const { stdout } = program(
    'cost.mjs',
    `const before = process.memoryUsage().heapUsed;
     await import('ropewalk');
     console.log(process.memoryUsage().heapUsed - before);`,
  );
  const heap = Number(stdout);
  assert.ok(heap < MAX_IMPORTED_HEAP_BYTES, `an import takes ${heap} bytes of heap`);
  const files = importedFiles(join(installed, 'dist', 'index.js'));
  assert.ok(files <= MAX_IMPORTED_FILES, `an import loads ${files} files`);
  return `${files} files, ${(heap / 1e6).toFixed(1)} MB of heap`;
});

/** @param {string} file @param {Set<string>} [seen] */
function importedFiles(file, seen = new Set()) {
  if (seen.has(file)) return seen.size;
  seen.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/\bfrom '(\.[^']+)'/g)) {
    importedFiles(join(dirname(file), path ?? ''), seen);
  }
  return seen.size;
}

for (const [module, resolution] of [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
]) {
  step(`types under moduleResolution ${resolution}`, () => {
    const imports = plainDoors.map((door, i) => `import * as door${i} from '${door}';`);
    writeFileSync(
      join(project, 'consumer.ts'),
      `${imports.join('\n')}
import { createReactor, Protocol, type Reactor } from 'ropewalk';
class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}
const reactor: Reactor = createReactor({ kind: 'node' });
reactor.listenTCP(0, Echo);
console.log(${plainDoors.map((_, i) => `door${i}`).join(', ')});
`,
    );
    const flags = '--noEmit --strict --skipLibCheck false --target es2022 --types node';
    const types = join(root, 'node_modules', '@types');
    const args = [...flags.split(' '), '--typeRoots', types, '--module', `${module}`];
    args.push('--moduleResolution', `${resolution}`, '--lib', 'es2022,esnext.disposable');
    const tsc = require.resolve('typescript/bin/tsc');
    run(process.execPath, [tsc, ...args, 'consumer.ts'], { cwd: project });
  });
}

// @ts-check
// Packs the package as npm would publish it and uses it as its users do: installs it with no compiler
// on the PATH, compiles it where it is installed, and imports it from ESM, CommonJS and TypeScript.
// Needs dist/, the addon, and the npm registry. Takes about two minutes. Not for Windows.
// `npm run check -- package`.
//
// TypeScript's `node10` resolution ignores "exports": it would find only the root, by "main", which
// this package lacks on purpose.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { nodeHeaders } from './node-headers.mjs';
import {
  importedFiles,
  MAX_IMPORTED_FILES,
  MAX_IMPORTED_HEAP_BYTES,
  MAX_PACKED_BYTES,
  MAX_UNPACKED_BYTES,
} from './package-sizes.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Both have their own rules for a package without an install script. */
const NPM_VERSIONS = { npm10: '10.9.9', npm11: '11.21.2' };

const entryPoints = Object.keys(manifest.exports).map((path) => path.replace(/^\./, manifest.name));
// Only vitest can import the one for vitest.
const plainEntryPoints = entryPoints.filter((entryPoint) => !entryPoint.endsWith('/vitest'));

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

/** The environment of the programs below: no compiler, no Python, no setting that selects an addon. */
const bare = { PATH: join(work, 'bin'), HOME: work, NODE_OPTIONS: '' };

/** @param {string} file @param {string} text */
function program(file, text) {
  writeFileSync(join(project, file), text);
  return run(process.execPath, [file], { cwd: project, env: bare });
}

/** @param {string} folder */
function pack(folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', work];
  const [packed] = JSON.parse(run('npm', args, { cwd: folder }).stdout);
  return { ...packed, path: join(work, packed.filename) };
}

// test/package/tarball.test.ts checks which files are in it.
step('pack', () => {
  const { path, size, unpackedSize, files } = pack(root);
  tarball = path;
  assert.ok(size <= MAX_PACKED_BYTES, `${size} bytes packed, at most ${MAX_PACKED_BYTES}`);
  assert.ok(unpackedSize <= MAX_UNPACKED_BYTES, `${unpackedSize} bytes unpacked`);
  return `${files.length} files, ${size} bytes packed, ${unpackedSize} unpacked`;
});

step('publint', () => void run(bin('publint'), ['run', tarball, '--strict']));

// CommonJS gets ESM by require(esm), which Node 20.19 has, so the types are right.
step('attw', () => {
  run(bin('attw'), [tarball, '--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm']);
});

// A checkout has no prebuilds: the local build takes the place of this platform's.
step('pack with a prebuild', () => {
  run('tar', ['-xzf', tarball, '-C', work]);
  const folder = join(work, 'package');
  const prebuilds = join(folder, 'prebuilds', tuple);
  rmSync(prebuilds, { recursive: true, force: true });
  mkdirSync(prebuilds, { recursive: true });
  cpSync(join(root, 'build', 'Release', 'ropewalk.node'), join(prebuilds, 'ropewalk.node'));
  tarball = pack(folder).path;
});

step('a PATH of node and sh alone', () => {
  const path = join(work, 'bin');
  mkdirSync(path);
  for (const name of ['node', 'sh']) {
    symlinkSync(realpathSync(run('which', [name]).stdout.trim()), join(path, name));
  }
  const spec = Object.entries(NPM_VERSIONS).map(([name, version]) => `${name}@npm:npm@${version}`);
  run('npm', ['install', '--prefix', join(work, 'npms'), '--no-audit', '--no-fund', ...spec]);
  return `with npm ${Object.values(NPM_VERSIONS).join(' and ')}`;
});

/** @param {string} npm of NPM_VERSIONS @param {string[]} args */
function installWith(npm, args) {
  const cli = join(work, 'npms', 'node_modules', npm, 'bin', 'npm-cli.js');
  const flags = ['--offline', '--no-audit', '--no-fund'];
  const env = { ...process.env, PATH: bare.PATH };
  const { stdout, stderr } = run(process.execPath, [cli, ...args, ...flags], { cwd: project, env });
  assert.doesNotMatch(stdout + stderr, /gyp/);
  const built = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(^|[/\\])build([/\\]|$)/.test(file),
  );
  assert.deepEqual(built, [], 'the installation compiled something');
  const { stdout: said } = program(
    'installed.mjs',
    `import { execFileSync } from 'node:child_process';
     const main = 'node_modules/ropewalk/dist/cli/main.js';
     console.log(execFileSync(process.execPath, [main, 'doctor', '--json'], { encoding: 'utf8' }));`,
  );
  const expected = join('prebuilds', tuple, 'ropewalk.node');
  assert.equal(relative(realpathSync(installed), JSON.parse(said).addon), expected);
}

for (const npm of Object.keys(NPM_VERSIONS)) {
  step(`npm install, then npm ci, without a compiler: ${npm}`, () => {
    rmSync(project, { recursive: true, force: true });
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    installWith(npm, ['install', tarball]);
    rmSync(join(project, 'node_modules'), { recursive: true });
    installWith(npm, ['ci']);
  });
}

step('no paths of this machine', () => {
  const prebuild = join('prebuilds', tuple);
  const paths = spawnSync('grep', ['-rlF', root, installed], { encoding: 'utf8' }).stdout ?? '';
  // The local build has them in its debugging sections; `npm run prebuilds` strips them.
  assert.equal(
    paths
      .split('\n')
      .filter((path) => path !== '' && !path.includes(prebuild))
      .join(),
    '',
  );
});

const ONE_REACTOR = `
  const reactor = createReactor();
  createReactor()[Symbol.asyncDispose]();
  console.log(reactor.kind);
  reactor[Symbol.asyncDispose]();
`;
const ESM = `import { createReactor } from 'ropewalk';${ONE_REACTOR}`;
const CJS = `const { createReactor } = require('ropewalk');${ONE_REACTOR}`;

step('with a prebuild: native, by import and by require', () => {
  for (const [file, text] of Object.entries({ 'native.mjs': ESM, 'native.cjs': CJS })) {
    const { stdout, stderr } = program(file, text);
    assert.equal(stdout, 'native\n');
    // Node 20 and 22 warn that require(esm) is experimental.
    assert.doesNotMatch(stderr, /RopewalkWarning/);
  }
});

step('without an addon: pure JS and one warning', () => {
  rmSync(join(installed, 'prebuilds', tuple), { recursive: true });
  const { stdout, stderr } = program('bare.mjs', ESM);
  assert.equal(stdout, 'node\n');
  assert.equal(stderr.match(/RopewalkWarning/g)?.length, 1, stderr);
});

step('compiled where it is installed, by the command of the advice: native', () => {
  const { stdout: advice } = program(
    'advice.mjs',
    `import { createReactor } from 'ropewalk';
     try { createReactor({ kind: 'native' }); } catch (error) { console.log(error.advice); }`,
  );
  const command = /compile it: (npm .+)\.$/m.exec(advice)?.[1];
  assert.ok(command, advice);
  const nodedir = process.env.npm_config_nodedir || nodeHeaders();
  const env = {
    ...process.env,
    npm_config_yes: 'true',
    ...(nodedir && { npm_config_nodedir: nodedir }),
  };
  run('sh', ['-c', command], { cwd: project, env });
  const { stdout, stderr } = program('compiled.mjs', ESM);
  assert.equal(stdout, 'native\n');
  assert.equal(stderr, '');
  return command;
});

step('every entry point', () => {
  const lines = plainEntryPoints.map(
    (path) => `assert.ok(Object.keys(await import('${path}')).length);`,
  );
  program('entry-points.mjs', `import assert from 'node:assert';\n${lines.join('\n')}`);
  return plainEntryPoints.join(' ');
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
  const files = importedFiles(join(installed, 'dist', 'index.js')).size;
  assert.ok(files <= MAX_IMPORTED_FILES, `an import loads ${files} files`);
  return `${files} files, ${(heap / 1e6).toFixed(1)} MB of heap`;
});

for (const [module, resolution] of [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
]) {
  step(`types under moduleResolution ${resolution}`, () => {
    const imports = plainEntryPoints.map((path, i) => `import * as entry${i} from '${path}';`);
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
console.log(${plainEntryPoints.map((_, i) => `entry${i}`).join(', ')});
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

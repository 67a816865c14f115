/**
 * vitest's global set-up: the programs of test/ and examples/ become JavaScript in build-tests/, once, where their
 * `src/` is dist/. A program then starts in a third of the time that it takes to compile it.
 */
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { COMPILED } from './compiled.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OUT = fileURLToPath(COMPILED);

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  inlineSourceMap: true,
};

export default function setup(): void {
  // A sanitizer that was loaded for the tests is not for compilers.
  const env = { ...process.env, LD_PRELOAD: '' };
  execFileSync(process.execPath, [join(ROOT, 'tools/build.mjs')], { stdio: 'inherit', env });
  mkdirSync(OUT, { recursive: true });
  const source = join(OUT, 'src');
  if (lstatSync(source, { throwIfNoEntry: false }) === undefined) symlinkSync('../dist', source);
  for (const folder of ['test', 'examples']) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.ts') && !name.endsWith('.test.ts')) compile(join(folder, name));
      if (/\.(md|cpp)$/.test(name)) copy(join(folder, name));
    }
  }
}

function compile(file: string): void {
  const from = join(ROOT, file);
  const to = join(OUT, file.replace(/\.ts$/, '.js'));
  if (isFresh(to, from)) return;
  // Programs that are named by URL are JavaScript too.
  const text = readFileSync(from, 'utf8').replaceAll(
    /(new URL\('[^']+)\.ts(', import\.meta\.url\))/g,
    '$1.js$2',
  );
  const { outputText } = ts.transpileModule(text, { fileName: file, compilerOptions });
  replace(to, outputText);
}

/** What a program reads stands beside it. */
function copy(file: string): void {
  const from = join(ROOT, file);
  const to = join(OUT, file);
  if (!isFresh(to, from)) replace(to, readFileSync(from, 'utf8'));
}

function isFresh(made: string, from: string): boolean {
  const time = statSync(made, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return time > statSync(from).mtimeMs;
}

/** As a whole: other runs of vitest may be reading the file. */
function replace(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}

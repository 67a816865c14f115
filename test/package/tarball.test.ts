// What `npm pack` puts into the package, and whether its manifest may be published.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

import { placeholdersOf } from '../../tools/check-manifest.mjs';
import { importedFiles, withSizes } from '../../tools/package-sizes.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Packed {
  readonly files: readonly { readonly path: string }[];
  readonly size: number;
  readonly unpackedSize: number;
}

function packed(): Packed {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const output = execFileSync('npm', args, {
    cwd: ROOT,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return (JSON.parse(output) as [Packed])[0];
}

const { size, unpackedSize, files: entries } = packed();
const files = entries.map(({ path }) => path);

/** The relative links of a Markdown file, as paths from the package's root. */
function linksOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^\w+:/.test(target))
    .map((target) => posix.normalize(posix.join(posix.dirname(file), target)).replace(/\/$/, ''));
}

function isPacked(path: string): boolean {
  return files.some((file) => file === path || file.startsWith(`${path}/`));
}

describe('The tarball', () => {
  it.each(['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'native/binding.gyp'])(
    'contains %s',
    (file) => {
      expect(files).toContain(file);
    },
  );

  it('has no binding.gyp at its root, or npm would compile the package as it is installed', () => {
    expect(files).not.toContain('binding.gyp');
  });

  it('contains nothing that only the repository needs', () => {
    const strange = /^(test|bench|tools|build|\.)|\.test\.|tsbuildinfo|native\/(test|fuzz|build)\//;
    expect(files.filter((file) => strange.test(file))).toEqual([]);
  });

  it('contains every file that its README links to', () => {
    expect(linksOf('README.md').length).toBeGreaterThan(10);
    expect(linksOf('README.md').filter((path) => !isPacked(path))).toEqual([]);
  });

  it('contains every file that its other pages link to, except for tests and benches', () => {
    const pages = files.filter((file) => file.endsWith('.md') && file !== 'README.md');
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((path) => !/^(test|bench)\//.test(path) && !isPacked(path))
        .map((path) => `${page}: ${path}`),
    );
    expect(broken).toEqual([]);
  });
});

describe('The sizes in docs/howto/install.md', () => {
  const page = readFileSync(join(ROOT, 'docs/howto/install.md'), 'utf8');
  const real = withSizes(page, { packed: size, unpacked: unpackedSize });
  const words = (text: string): string => text.replaceAll(/\d[\d,.]*/g, 'N');
  const numbers = (text: string): number[] => {
    const part = text.slice(text.indexOf('## Size'));
    return [...part.matchAll(/\d[\d,.]*/g)].map(([number]) => Number(number.replaceAll(',', '')));
  };

  it('are of all entry points, and differ by a tenth at most', () => {
    const advice = 'node tools/build.mjs && node tools/package-sizes.mjs writes the page';
    expect(words(page), advice).toBe(words(real));
    const actual = numbers(real);
    for (const [index, number] of numbers(page).entries()) {
      const found = actual[index] ?? 0;
      expect(Math.abs(number - found), `${number}, and ${found} in fact: ${advice}`).toBeLessThan(
        Math.max(found / 10, 5),
      );
    }
  });

  it('count the modules that an import loads', () => {
    const path = join(ROOT, 'dist/index.js');
    const program = `
      import { register } from 'node:module';
      const hooks = 'export async function load(url, context, next) {' +
        'if (url.startsWith("file:")) process._rawDebug(url); return next(url, context); }';
      register('data:text/javascript,' + encodeURIComponent(hooks));
      await import(${JSON.stringify(pathToFileURL(path).href)});
    `;
    const args = ['--input-type=module', '--eval', program];
    const { stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const loaded = stderr.split('\n').filter((line) => line.startsWith('file:'));
    expect(importedFiles(path).size).toBe(new Set(loaded).size);
  });
});

describe('The owner fields of package.json', () => {
  const filled = {
    author: 'A. Ropemaker <rope@example.org>',
    homepage: 'https://example.org/ropewalk',
    repository: { type: 'git', url: 'git+https://example.org/ropewalk.git' },
    bugs: { url: 'https://example.org/ropewalk/issues' },
  };

  it('may be published once they are filled in', () => {
    expect(placeholdersOf(filled)).toEqual([]);
  });

  it('may not be published with a placeholder or without a field', () => {
    const { author: _, ...anonymous } = filled;
    expect(placeholdersOf(anonymous)).toEqual(['author']);
    const bugs = { url: 'https://example.invalid/OWNER/ropewalk/issues' };
    expect(placeholdersOf({ ...filled, bugs })).toEqual(['bugs']);
  });

  it('are checked before publishing', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: { prepublishOnly: string };
    };
    expect(manifest.scripts.prepublishOnly).toContain('node tools/check-manifest.mjs');
  });
});

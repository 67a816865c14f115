// What `npm pack` puts into the package, and whether its manifest may be published.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { placeholdersOf } from '../../tools/check-manifest.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function packedFiles(): string[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const output = execFileSync('npm', args, {
    cwd: ROOT,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}

const files = packedFiles();

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

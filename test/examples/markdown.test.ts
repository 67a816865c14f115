/** Programs shown in Markdown are programs that run: each is a file of examples/, to the letter. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
/** Pages that are about commands and settings alone. */
const WITHOUT_PROGRAMS = ['install.md', 'command.md'];
const PAGES = [
  'README.md',
  'docs/tutorial.md',
  'docs/tutorial-finger.md',
  'docs/web-in-60-seconds.md',
  ...readdirSync(new URL('docs/howto/', ROOT))
    .filter((file) => !WITHOUT_PROGRAMS.includes(file))
    .map((file) => `docs/howto/${file}`),
];

const examples = new Map(
  readdirSync(new URL('examples/', ROOT))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [`examples/${file}`, readFileSync(new URL(`examples/${file}`, ROOT), 'utf8')]),
);

/** The TypeScript blocks of a page, each with the name of the example that stands in a link before it. */
function programs(page: string): { name: string; text: string }[] {
  const markdown = readFileSync(new URL(page, ROOT), 'utf8');
  const blocks = markdown.matchAll(
    /(?:\((?:\.\.\/)*(examples\/[\w-]+\.ts)\)[^`]*\n)?```ts\n([\s\S]*?)```/g,
  );
  return [...blocks].map(([, name = '', text = '']) => ({ name, text }));
}

describe.each(PAGES)('%s', (page) => {
  it('shows programs', () => {
    expect(programs(page)).not.toEqual([]);
  });

  it.each(programs(page))('shows $name as it is', ({ name, text }) => {
    expect(examples.has(name), `a link to the example before ${text.slice(0, 80)}`).toBe(true);
    expect(text).toBe(examples.get(name));
  });
});

describe('examples', () => {
  it('are all shown on some page', () => {
    const shown = new Set(PAGES.flatMap(programs).map(({ name }) => name));
    expect([...shown].sort()).toEqual([...examples.keys()].sort());
  });
});

/**
 * A cheap guard for the language rules of CONTRIBUTING.md: words and patterns that have a plain replacement and no other
 * use here. It covers the folders of src in FOLDERS.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const FOLDERS = [
  'docs',
  'examples',
  'native',
  'src/adbapi',
  'src/cgi',
  'src/cli',
  'src/clients',
  'src/core',
  'src/cred',
  'src/dashboard',
  'src/defer',
  'src/endpoints',
  'src/exchange',
  'src/framing',
  'src/handover',
  'src/http',
  'src/internal',
  'src/policies',
  'src/portforward',
  'src/process',
  'src/protocols',
  'src/pubsub',
  'src/reactor',
  'src/resolver',
  'src/rpc',
  'src/stdio',
  'src/task',
  'src/terminal',
  'src/testing',
  'src/threads',
  'src/tls',
  'src/web',
  'src/websocket',
  'src/workers',
];
const FILES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'native/README.md',
  'bench/README.md',
  'src/native.ts',
  'src/native-files.ts',
  'src/native-refusal.ts',
];
const EXTENSIONS = /\.(md|ts|h|cc)$/;

const REPLACEMENTS: readonly [pattern: RegExp, replacement: string][] = [
  [/^(<{7}|>{7})/, 'the resolution of the conflict'],
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\bat hand\b/i, 'available'],
  [/\bdoors?\b/i, 'entry point'],
  [/\bwhoever\b/i, 'caller, user, peer'],
  [/\bfor whom\b/i, 'name the caller'],
  [/\bnobody can (say|tell)\b/i, 'is not defined, is unknown'],
  [/\bstands\b/i, 'is, exists'],
  [/(?<!\bnot for\b.*)\bbut for\b/i, 'except'],
  [/\bas ever\b/i, 'as usual'],
  [/\ball the same\b/i, 'anyway, also'],
  [/\band its like\b/i, 'and similar'],
  [/\b(is|are|was|were) told\b/i, 'is called, receives, learns'],
  [/\bsomebody\b/i, 'another process, another caller'],
  [/\bfor want of\b/i, 'because there is no'],
  [/\bas a rule\b/i, 'usually'],
  [/\bstands? still\b/i, 'is suspended, does not advance'],
  [/\bunder way\b/i, 'in progress'],
  [/\bgoes? on\b/i, 'continue'],
  [/\bat present\b/i, 'now'],
  [/\bdealt with\b/i, 'handled, processed'],
  [/\bwhat is to be\b/i, 'name it'],
  [/\b(that|which|it|input|one) (is|are) no (?!longer\b|more\b)[a-z]/i, 'is not a'],
  [/\b(waits?|waiting) to be sent\b/i, 'unsent'],
  [/(^|[.:;|] )Who (?!are you)[^.?|]*[.|]/, 'a clause with "who" in place of a noun'],
  [/(^|[.;] |(\*|\/\/) )What [^.?|]*\./, 'a clause with "what" in place of a noun'],
];

function filesIn(folder: string): string[] {
  return readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => EXTENSIONS.test(file));
}

/** The paragraphs of a page without code; for sources, the whole text. */
function paragraphs(file: string): string[] {
  const text = readFileSync(new URL(file, ROOT), 'utf8');
  if (!file.endsWith('.md')) return text.split('\n');
  return text
    .replace(/^(`{3,})[\s\S]*?^\1$/gm, '')
    .replace(/`[^`\n]*`/g, '`code`')
    .replace(/\]\(\.\.\/test\/[^)]*\): "[^"]*"/g, '') // names of tests
    .replace(/\| Before \| After \|[\s\S]*?\n\n/, '') // CONTRIBUTING.md shows what not to write
    .split(/\n\s*\n|\n(?=- |\d+\. |\| )/)
    .map((paragraph) => paragraph.replace(/\s+/g, ' ').replace(/^(- |\d+\. )/, ''));
}

function violations(file: string): string[] {
  return paragraphs(file).flatMap((paragraph) =>
    REPLACEMENTS.flatMap(([pattern, replacement]) => {
      const found = pattern.exec(paragraph);
      return found === null ? [] : [`"${found[0].trim().slice(0, 60)}" (write: ${replacement})`];
    }),
  );
}

describe('the language of', () => {
  it.each([...FILES, ...FOLDERS.flatMap(filesIn)])('%s is plain', (file) => {
    expect(violations(file)).toEqual([]);
  });

  it('this check finds its own examples', () => {
    const bad = ['Mend it.', 'Who asks shares the answer.', 'It waits. What waits is sent.'];
    for (const text of bad) expect(REPLACEMENTS.some(([pattern]) => pattern.test(text))).toBe(true);
  });
});

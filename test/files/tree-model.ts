/** Random changes of a tree, and a model of it that is kept up to date by events only. */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { FileEvent } from '../../src/files/index.js';

/** The text of each file, and undefined for each directory, by path. */
export type Tree = Map<string, string | undefined>;

export function readTree(folder: string, tree: Tree = new Map()): Tree {
  for (const entry of listed(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) readTree(path, tree.set(path, undefined));
    else tree.set(path, textAt(path));
  }
  return tree;
}

function listed(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function textAt(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Applies an event, as a program that mirrors the tree would. */
export function apply(tree: Tree, { kind, path, from, isDirectory }: FileEvent): void {
  if (kind === 'removed') remove(tree, path);
  else if (kind === 'moved') move(tree, from ?? '', path);
  else if (kind === 'overflow') listAgain(tree, path);
  else if (isDirectory) tree.set(path, undefined);
  else tree.set(path, textAt(path));
}

function listAgain(tree: Tree, path: string): void {
  for (const name of [...tree.keys()]) if (name.startsWith(`${path}/`)) tree.delete(name);
  readTree(path, tree);
}

function remove(tree: Tree, path: string): void {
  for (const name of [...tree.keys()]) {
    if (name === path || name.startsWith(`${path}/`)) tree.delete(name);
  }
}

/** Files are read again: what was read under the former name may have been another file. */
function move(tree: Tree, from: string, to: string): void {
  const moved = [...tree].filter(([name]) => name === from || name.startsWith(`${from}/`));
  remove(tree, from);
  remove(tree, to);
  for (const [name, text] of moved) {
    const target = to + name.slice(from.length);
    tree.set(target, text === undefined ? text : textAt(target));
  }
  if (moved.length === 0) tree.set(to, textAt(to));
}

/** Random numbers from a seed (mulberry32). */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Makes random changes below a folder. Failed ones, such as a move of a directory into itself, change nothing. */
export class RandomChanges {
  readonly #folder: string;
  readonly #outside: string;
  readonly #random: (below: number) => number;
  #count = 0;

  constructor(folder: string, outside: string, random: (below: number) => number) {
    this.#folder = folder;
    this.#outside = outside;
    this.#random = random;
  }

  /** @returns What was done, for the message of a failure. */
  change(): string {
    const [a, b] = [this.#path(this.#folder), this.#path(this.#folder)];
    const out = this.#path(this.#outside);
    const changes: (readonly [string, () => void])[] = [
      [`write ${a}`, () => writeFileSync(a, this.#text())],
      [`append ${a}`, () => appendFileSync(a, this.#text())],
      [`mkdir ${a}`, () => mkdirSync(a)],
      [`mkdir -p ${a}`, () => mkdirSync(join(a, 'a/b'), { recursive: true })],
      [`rm ${a}`, () => rmSync(a)],
      [`rm -r ${a}`, () => rmSync(a, { recursive: true })],
      [`mv ${a} ${b}`, () => renameSync(a, b)],
      [`mv ${b} ${a}`, () => renameSync(b, a)],
      [`mv ${a} ${out}`, () => renameSync(a, out)],
      [`mv ${out} ${a}`, () => renameSync(out, a)],
    ];
    const [name, change] = changes[this.#random(changes.length)] as (typeof changes)[number];
    try {
      change();
      return name;
    } catch (error) {
      return `${name}: ${(error as { code: string }).code}`;
    }
  }

  #path(folder: string): string {
    const depth = 1 + this.#random(3);
    const names = Array.from({ length: depth }, () => 'abc'[this.#random(3)] as string);
    return join(folder, ...names);
  }

  #text(): string {
    this.#count += 1;
    return `text ${this.#count} `;
  }
}

// Counts the words of files: `node --import tsx examples/task-count-words.ts README.md CHANGELOG.md`.
import { readFile } from 'node:fs/promises';
import {
  Cooperator,
  createReactor,
  DeferredSemaphore,
  ExitError,
  gatherResults,
  LoopingCall,
  logError,
  type Reactor,
  react,
} from 'ropewalk';

/** One step per line, so long texts do not block the reactor. */
function* wordsOf(text: string): Generator<undefined, number> {
  let words = 0;
  for (const line of text.split('\n')) {
    words += line.split(/\s+/).filter((word) => word !== '').length;
    yield;
  }
  return words;
}

async function main(reactor: Reactor, ...paths: string[]): Promise<void> {
  if (paths.length === 0) {
    console.error('usage: task-count-words FILE...');
    throw new ExitError(2);
  }
  const open = new DeferredSemaphore(4); // at most four texts in memory at a time
  const cooperator = new Cooperator({ clock: reactor });
  let done = 0;

  async function count(path: string): Promise<string> {
    const words = await cooperator.coiterate(wordsOf(await readFile(path, 'utf8')));
    done += 1;
    return `${path}: ${words}`;
  }

  const progress = new LoopingCall(reactor, () => console.error(`${done} of ${paths.length} done`));
  progress.start(1000, false).addErrback(logError);
  const counts = paths.map((path) => open.run(count, path));
  for (const line of await gatherResults(counts, { consumeErrors: true })) console.log(line);
  progress.stop();
}

await react(main, { reactor: createReactor(), argv: process.argv.slice(2) });

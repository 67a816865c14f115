/** Makes a call into a pool and prints its outcome; nothing else keeps the process alive. */
import { ThreadPool, threadModule } from '../../../src/threads/index.js';

const functions = threadModule<typeof import('./functions.js')>(
  new URL('./functions.ts', import.meta.url),
);
const pool = new ThreadPool({ minimum: 1 });
const [call] = process.argv.slice(2);
if (call === 'later') console.log(await pool.call(functions, 'later', ['a result']));
if (call === 'exit') {
  await pool.call(functions, 'exit', [3]).addErrback(({ value }) => console.log(value.message));
}

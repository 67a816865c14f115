// How the commands of bench/ end: with an exit status, and with no child left.

import { endChildren } from './children.js';
import { UsageError } from './options.js';

/** Sets the exit status: the result of `main`; 2 and one line for a wrong command line; 1 for other errors. */
export async function exitWith(main: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const usage = error instanceof UsageError;
    console.error(usage ? `bench: ${error.message} (--help tells more)` : error);
    process.exitCode = usage ? 2 : 1;
  } finally {
    await endChildren();
  }
}

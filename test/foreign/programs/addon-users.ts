/** Prints the errors of everything that needs the addon for a loop of another library. */
import { embedReactor, GLibLoop, nativeFunction } from '../../../src/foreign/index.js';
import { createReactor } from '../../../src/index.js';

const reactor = createReactor({ kind: 'node' });
for (const use of [
  () => new GLibLoop(),
  () => embedReactor(reactor),
  () => nativeFunction('', 'getpid'),
]) {
  try {
    use();
    console.log('no error');
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    console.log(`${code} ${message}`);
  }
}

/** Forgets a failure and exits. */
import { fail } from '../../../src/defer/succeed.js';

fail(new Error('nobody looked at this'));
fail(new Error('this was handled')).addErrback(() => {});
fail(new Error('and this one too late to be entered'));
process.exit(3);

/** Reports an error when no capture is open any more, and says how many errors there were to flush. */
import { reportError } from '../../../src/internal/error-report.js';
import { captureLoggedErrors, flushLoggedErrors } from '../../../src/testing/logged-errors.js';

captureLoggedErrors()[Symbol.dispose]();
reportError(new RangeError('odd'), 'here');
console.log(`flushed ${flushLoggedErrors().length}`);

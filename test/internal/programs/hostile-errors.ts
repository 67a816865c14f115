/** Reports errors that throw when they are read, and goes on. */
import { reportError } from '../../../src/internal/error-report.js';
import { hostileErrors } from '../hostile-errors.js';

for (const [name, error] of Object.entries(hostileErrors())) reportError(error, name);
console.log('it goes on');

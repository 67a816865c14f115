/** Connecting again: from the factory's callbacks, and later. */
import { expect, it } from 'vitest';
import { contract } from '../support/contract.js';

/** The names of `RunOptions`, which `run` and `react` have in common. */
import type { RunOptions } from '../core/reactor-life.js';
import type { OptionNames } from './options.js';

export const RUN_OPTIONS: OptionNames<RunOptions> = { installSignalHandlers: true };

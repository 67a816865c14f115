/** The names of `RunOptions`, shared by `run` and `react`. */
import type { RunOptions } from '../core/reactor-life.js';
import type { OptionNames } from './options.js';

export const RUN_OPTIONS: OptionNames<RunOptions> = { installSignalHandlers: true };

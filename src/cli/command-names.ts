/** The names of the commands of the package, which plug-ins cannot have. */
import { BUILT_INS } from './built-ins.js';

export const COMMAND_NAMES: readonly string[] = [
  'completion',
  'dashboard',
  'demo',
  'doctor',
  'help',
  'new',
  'passwd',
  'plugins',
  'run',
  'talk',
  'version',
  ...BUILT_INS.map(({ name }) => name),
].sort();

import { checkHostile } from './hostile.js';

checkHostile([
  ['every function of the addon with hostile arguments', 'addon-functions'],
  ['every function of TLS with objects of TLS', 'tls-functions'],
  ['every function of a loop with hostile arguments', 'loop-functions'],
  ['all functions of a loop in any order', 'loop-functions-mixed'],
  ['connections and their functions in any order', 'connected-streams'],
  ['every function of a loop that was disposed of', 'disposed'],
  ['anything at all in the shared memory', 'shared-memory'],
  ['a shared memory that was taken away', 'shared-memory-detached'],
  ['functions whose loop is garbage', 'garbage'],
  ['dispose inside dispatch', 'dispose-inside-dispatch'],
  ['a look-up whose answer throws', 'look-up-throws'],
  ['a dispatch that throws', 'dispatch-throws'],
]);

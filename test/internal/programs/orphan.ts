/** Ends with exit code 7 when the parent is gone. `late`: asks for it only after the channel has been closed. */
import { whenParentIsGone } from '../../../src/internal/parent-process.js';

const wait = (): void => {
  whenParentIsGone(() => process.exit(7));
  process.send?.('waiting', () => {});
};
if (process.argv[2] === 'late') process.once('disconnect', wait);
else wait();
process.channel?.ref();
setTimeout(() => process.exit(8), 60_000);

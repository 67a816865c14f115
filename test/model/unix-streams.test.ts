/** Random programs over UNIX connections, or named pipes; what they are is in stream-model.ts. */
import { describeStreams } from './stream-model.js';

describeStreams('unix');

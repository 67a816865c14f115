// @ts-check
// For `--import` before programs whose worker threads are TypeScript: tsx registers itself in the main thread only.
import { register } from 'tsx/esm/api';

register();

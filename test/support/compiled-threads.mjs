// @ts-check
// For `--import` before programs whose worker threads and processes are TypeScript: what compile-programs.ts has made of
// them is loaded in their place.
import { register } from 'node:module';

register('./compiled-modules.mjs', import.meta.url);

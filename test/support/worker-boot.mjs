// @ts-check
// What a test's worker thread runs first: it teaches the thread TypeScript, then imports the program.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.program);

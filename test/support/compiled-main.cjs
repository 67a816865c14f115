// @ts-check
// For `--require` before the bootstrap of workers and threads, which is TypeScript where src/ starts them: its JavaScript of
// dist/ runs in its place. A hook of module.register() would need a thread, and twice the time that a worker takes to start.
const Module = require('node:module');
const { sep } = require('node:path');
const { fileURLToPath } = require('node:url');

/** @type {any} Node calls it with the path or the URL of the program. */
const anyModule = Module;
const { runMain } = anyModule;

/** @param {string | URL} main */
anyModule.runMain = (main) => {
  const path = main instanceof URL || main.startsWith('file:') ? fileURLToPath(main) : main;
  const isOurs = ['workers', 'threads'].some((folder) =>
    path.includes(`${sep}src${sep}${folder}${sep}`),
  );
  const made = isOurs ? path.replace(`${sep}src${sep}`, `${sep}dist${sep}`) : path;
  return runMain(made.replace(/\.ts$/, '.js'));
};

// The `createServer` on which a framework runs.

/** @param on `node-http`, or the reactor of the facade: `native` or `node`. */
export async function createServerOn(on) {
  if (on === 'node-http') {
    const { createServer } = await import('node:http');
    return createServer;
  }
  const { createReactor } = await import('../../../dist/index.js');
  const { createServer } = await import('../../../dist/node-http/index.js');
  const reactor = createReactor({ kind: on });
  return (listener) => createServer({ reactor }, listener);
}

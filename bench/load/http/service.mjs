// What every HTTP server of the benches does: GET is answered with a greeting, POST with a string of the JSON in its content.

export const HELLO = 'Hello, World!';

/** The `name` of a user in JSON text, which is ASCII. */
export function nameIn(json) {
  const { name } = JSON.parse(json);
  return String(name);
}

/** Objects that `console.log` shows as one line, without their fields. */

/** Makes `util.inspect` show the objects of these classes, and of their subclasses, as `String` does. */
export function showAsText(...classes: readonly { readonly prototype: object }[]): void {
  for (const { prototype } of classes) {
    Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: object): string {
        return String(this);
      },
    });
  }
}

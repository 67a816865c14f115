import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Entry, LinkedList } from '../../src/defer/linked-list.js';

describe('LinkedList', () => {
  it('behaves as an array does, whatever is pushed, shifted and removed', () => {
    const operation = fc.oneof(
      fc.constant('push' as const),
      fc.constant('shift' as const),
      fc.nat({ max: 30 }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const list = new LinkedList<number>();
        const entries: Entry<number>[] = [];
        let model: number[] = [];
        for (const act of operations) {
          if (act === 'push') {
            const entry = new Entry(entries.length);
            entries.push(entry);
            list.push(entry);
            model.push(entry.value);
          } else if (act === 'shift') {
            expect(list.shift()).toBe(model.shift());
          } else {
            const entry = entries[act % Math.max(1, entries.length)];
            if (entry === undefined) continue;
            list.remove(entry); // also of those that are out already
            model = model.filter((value) => value !== entry.value);
          }
          expect([list.size, list.first?.value]).toEqual([model.length, model[0]]);
          expect(entries.filter(({ linked }) => linked)).toHaveLength(model.length);
        }
        while (model.length > 0) expect(list.shift()).toBe(model.shift());
        expect([list.size, list.shift(), list.first]).toEqual([0, undefined, undefined]);
      }),
    );
  });
});

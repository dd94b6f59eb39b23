import { describe, expect, it } from 'vitest';
import { ChangeSource } from './change-source.js';

class Door extends ChangeSource {
  isOpen = false;

  turn(): void {
    this.isOpen = !this.isOpen;
    this.changed();
  }
}

describe('a source of changes', () => {
  it('tells all its listeners of each change, in the order in which they came, when the change is made', () => {
    const door = new Door();
    const heard: string[] = [];
    door.onChange(() => heard.push(`first: ${door.isOpen}`));
    door.onChange(() => heard.push('second'));
    door.turn();
    door.turn();
    expect(heard).toEqual(['first: true', 'second', 'first: false', 'second']);
  });

  it('tells nothing of what was before a listener came, and nothing of another source', () => {
    const [door, other] = [new Door(), new Door()];
    const heard: boolean[] = [];
    door.turn();
    door.onChange(() => heard.push(door.isOpen));
    other.turn();
    expect(heard).toEqual([]);
    door.turn();
    expect(heard).toEqual([false]);
  });
});

import { describe, expect, it } from 'vitest';
import { replaceSection, replaceSections } from '#bench/document';

describe('the performance document', () => {
  it('gets new figures and keeps its prose', () => {
    const text = 'before\n<!-- bench:get-1k -->\nold\n<!-- /bench:get-1k -->\nafter';
    expect(replaceSection(text, 'get-1k', '| new |')).toBe(
      'before\n<!-- bench:get-1k -->\n\n| new |\n\n<!-- /bench:get-1k -->\nafter',
    );
  });

  it('comes out the same when the same figures are written again', () => {
    const once = replaceSection('<!-- bench:a -->\n<!-- /bench:a -->\n', 'a', 'x');
    expect(replaceSection(once, 'a', 'x')).toBe(once);
  });

  it('is not touched when it has no place for the figures', () => {
    expect(() => replaceSection('no markers', 'get-1k', 'x')).toThrow(/no section/);
  });

  it('gets all sections of a run, or none when it lacks the place for one', () => {
    const text = '<!-- bench:a -->\n<!-- /bench:a -->\n<!-- bench:b -->\n<!-- /bench:b -->\n';
    const written = replaceSections(text, new Map([...Object.entries({ a: 'one', b: 'two' })]));
    expect(written).toMatch(/one[^]*two/);
    expect(() => replaceSections(text, new Map([...Object.entries({ a: 'one', c: 'three' })]))).toThrow(/bench:c/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeSubstitution, substitute } from './environment.js';

const env = { NAME: 'value', EMPTY: '', NESTED: '${NAME}' };

describe('a variable', () => {
  it.each([
    ['${NAME}', 'value'],
    ['a ${NAME} b ${NAME}', 'a value b value'],
    ['${MISSING:-other}', 'other'],
    ['${MISSING:-}', ''],
    ['${EMPTY}', ''],
    ['${EMPTY:-other}', 'other'],
    ['$${NAME}', '${NAME}'],
    ['$$${NAME}', '$${NAME}'],
    ['$NAME $ {NAME} $', '$NAME $ {NAME} $'],
    ['${MISSING:-a:-b}', 'a:-b'],
  ])('in %s gives %s', (written, text) => expect(substitute(written, env)).toMatchObject({ text, faults: [] }));

  it('is not replaced again in the value of another variable', () => {
    expect(substitute('${NESTED}', env).text).toBe('${NAME}');
  });

  it.each(['${MISSING}', '${', '${}', '${1}', '${A B}', '${NAME:=x}', '${toString}', '${__proto__}'])(
    'is at fault: %s',
    written => expect(substitute(written, env).faults).toHaveLength(1),
  );

  it('can be written literally, for any text', () => {
    const dollars = fc.string({ unit: fc.constantFrom('$', '{', '}', 'A', ':-') });
    fc.assert(fc.property(dollars, text => substitute(escapeSubstitution(text), {}).text === text));
  });
});

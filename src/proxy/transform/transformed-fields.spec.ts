import { describe, expect, it } from 'vitest';
import { TransformedFields } from './transformed-fields.js';

const fieldsOf = (...raw: string[]) => ({ raw, fields: new TransformedFields(raw) });

describe('the fields that a transformer sees', () => {
  it('are found by names of any case', () => {
    const { fields } = fieldsOf('X-A', '1', 'x-b', '2', 'x-a', '3');
    expect([fields.get('x-A'), fields.all('X-a'), fields.has('X-B'), fields.get('x-c')]).toEqual(['1', ['1', '3'], true, undefined]); // prettier-ignore
    expect(fields.entries()).toHaveLength(3);
  });

  it('are set, added and taken out where the others stay', () => {
    const { fields, raw } = fieldsOf('X-A', '1', 'X-B', '2', 'x-a', '3');
    fields.set('x-a', 'é');
    fields.append('X-C', '4');
    fields.delete('X-b');
    expect(raw).toEqual(['x-a', 'Ã©', 'X-C', '4']);
  });

  it.each<[string, (fields: TransformedFields) => void]>([
    ['a name with a space', fields => fields.set('a b', '1')],
    ['a value with a line break', fields => fields.set('a', '1\r\nb: 2')],
    ['a length', fields => fields.set('Content-Length', '1')],
    ['a coding of the transfer', fields => fields.append('Transfer-Encoding', 'gzip')],
    ['a field of the connection', fields => fields.set('connection', 'close')],
    ['no length', fields => fields.delete('content-length')],
  ])('cannot hold %s', (_, change) => {
    expect(() => change(fieldsOf('content-length', '3').fields)).toThrow(TypeError);
  });
});

import { describe, expect, it } from 'vitest';
import { FieldEdits } from './field-edits.js';

function edits(): FieldEdits {
  const all = new FieldEdits();
  all.setRequest('X-User', 'zoë ☃');
  all.setRequest('X-Gone');
  all.setResponse('X-User', 'zoë ☃');
  return all;
}

describe('edits of fields', () => {
  it('put one field in the place of all of that name, in any case, or none', () => {
    const headers = ['x-USER', 'a', 'X-Kept', 'b', 'X-User', 'c', 'x-gone', 'd'];
    edits().editRequest(headers);
    expect(headers.filter((_, at) => at % 2 === 0)).toEqual(['X-Kept', 'X-User']);
  });

  it('write a value with characters beyond Latin-1 as the bytes of UTF-8', () => {
    const headers: string[] = [];
    edits().editRequest(headers);
    expect(Buffer.from(headers[1]!, 'latin1').toString()).toBe('zoë ☃');
  });

  it('take what servers read as the same name out of requests, and leave it in responses', () => {
    const request = ['X_User', 'a', 'X.Gone', 'b', 'X_Other', 'c'];
    edits().editRequest(request);
    expect(request.filter((_, at) => at % 2 === 0)).toEqual(['X_Other', 'X-User']);
    const response = ['X_User', 'a'];
    edits().editResponse(response);
    expect(response[0]).toBe('X_User');
  });
});

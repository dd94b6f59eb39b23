import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { countSteps, offerSteps } from './counted-code.js';

class Steps {
  taken = 0;

  take(steps: number): void {
    this.taken += steps;
  }
}

/** Runs code that was made to count its steps; gives its result and the steps. */
function run(code: string): [result: unknown, steps: number] {
  const steps = new Steps();
  const keysOf = (value: object): string[] => (steps.take(100), Object.keys(value));
  const result: unknown = Reflect.apply(new Function('self', countSteps(code)), undefined, [{ steps, keysOf }]);
  return [result, steps.taken];
}

describe('generated code that counts its steps', () => {
  it('takes one for each call and each turn', () => {
    expect(run('let n=0;for(let i=0;i<(7);i++){n+=i}return n')).toEqual([21, 7]);
    expect(run('return f(3);function f(a,{b="",c}={}){if(a>0){return 1+f(a-1,{b:"("})}return 0}')).toEqual([3, 4]);
    expect(run('for(const k of Object.keys({a:1,b:2})){}return 1')).toEqual([1, 102]);
  });

  it('takes more where more is to be done at each', () => {
    expect(run(`let n=0;for(let i=0;i<2;i++){${'n++;'.repeat(64)}}return n`)).toEqual([128, 2 * 5]);
  });

  it('leaves texts alone, and names that look like words of the language', () => {
    const text = String.raw`"for(;;){ \" Object.keys( function x(){ \\"`;
    expect(countSteps(`return ${text}`)).toBe(`return ${text}`);
    expect(run('const a={"for":1,"function":2};if(a.for){return a.function}')).toEqual([2, 0]);
  });
});

describe('the code that Ajv makes', () => {
  const text = { type: 'string', minLength: 1 };
  const stepsOf = (schema: object, body: unknown): number => {
    const steps = new Steps();
    const ajv = new Ajv({ ownProperties: true, code: { process: countSteps } });
    offerSteps(ajv, steps);
    expect(ajv.compile(schema)(body), 'Ajv runs the code that was changed').toBe(true);
    return steps.taken;
  };

  it('counts each turn of its loops, and the names of an object', () => {
    const list = (length: number): number => stepsOf({ type: 'array', items: text }, Array(length).fill('a'));
    expect(list(1000) - list(0), 'the loop of Ajv over a list is not counted any more').toBeGreaterThanOrEqual(1000);
    const names = (count: number): number =>
      stepsOf(
        { type: 'object', additionalProperties: false, patternProperties: { '^n': {} } },
        Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, 1])),
      );
    expect(names(1000) - names(0), 'the names of an object are not counted any more').toBeGreaterThanOrEqual(1000);
  });

  it('counts each call of a schema that refers to itself', () => {
    const schema = { type: 'object', properties: { inner: { $ref: '#' } }, additionalProperties: false };
    const nested = (depth: number): unknown => (depth === 0 ? {} : { inner: nested(depth - 1) });
    expect(
      stepsOf(schema, nested(50)) - stepsOf(schema, nested(10)),
      'the calls of Ajv are not counted any more',
    ).toBeGreaterThanOrEqual(40);
  });
});

import { describe, expect, it } from 'vitest';
import { Steps } from '../patterns/steps.js';
import { countSteps } from './counted-code.js';

/** Runs code that was made to count its steps; gives its result and the steps. */
function run(code: string): [result: unknown, steps: number] {
  const steps = new Steps(1000);
  const keysOf = (value: object): string[] => (steps.take(100), Object.keys(value));
  const result: unknown = Reflect.apply(new Function('self', countSteps(code)), undefined, [{ steps, keysOf }]);
  return [result, 1000 - steps.left];
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

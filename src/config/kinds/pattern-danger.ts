/** Ways to match that an expression may have on a text of any length, beside those that grow with it; more are a danger. */
const mostWays = 2 ** 16;

interface Group {
  /** Something in it may match more or less. */
  repeats: boolean;
  /** In how many ways its quantifiers with a bound can share a text between them: an upper bound. */
  ways: number;
  alternatives: string[];
}

/** What the shape of an expression says of the time that it may take on a hostile value. */
export interface PatternShape {
  /** Why that may be exponential; undefined when no such shape is found. */
  readonly danger: string | undefined;
  /** In how many ways it may be tried at each place of the text, as far as the length of the text does not matter. */
  readonly ways: number;
}

/** Judges an expression that compiles. */
export function shapeOf(source: string): PatternShape {
  const groups: Group[] = [newGroup()];
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at);
    const group = groups.at(-1) as Group;
    const atom =
      /^\\(?:k<[^>]*>|.)|^\[\^?(?:\\.|[^\]\\])*\]|^\((?:\?(?::|=|!|<=|<!|<[^>]+>))?|^[\s\S]/.exec(rest)?.[0] ?? '';
    at += atom.length - 1;
    if (/^\\[1-9k]/.test(atom)) return dangerous('it has a back reference');
    if (atom.startsWith('(')) groups.push(newGroup());
    else if (atom === '|') group.alternatives.push('');
    else if (atom === ')') {
      const closed = groups.pop() as Group;
      const outer = groups.at(-1) as Group;
      const after = source.slice(at + 1);
      if (unbounded(after)) {
        if (closed.repeats) return dangerous('a repetition stands inside a repeated group');
        if (overlap(closed.alternatives)) return dangerous('alternatives of a repeated group can match the same text');
      } else outer.ways *= waysOf(closed) ** (boundsOf(after)?.most ?? 1);
      outer.repeats ||= closed.repeats || variable(after);
      append(outer, '(');
    } else {
      const bounds = unbounded(rest) ? undefined : boundsOf(rest);
      if (variable(rest)) group.repeats = true;
      if (bounds !== undefined) group.ways *= bounds.most - bounds.least + 1;
      if (bounds === undefined && !variable(rest)) append(group, atom);
    }
  }
  const ways = waysOf(groups[0] as Group);
  return ways > mostWays ? dangerous('its repetitions can share a text in too many ways') : { danger: undefined, ways };
}

/** Why an expression may take exponential time on a hostile value, undefined when no such shape is found. */
export function findDanger(source: string): string | undefined {
  return shapeOf(source).danger;
}

/** Whether the text begins with a quantifier that repeats without bound, or more often than is harmless. */
export function unbounded(text: string): boolean {
  const bounds = boundsOf(text);
  return bounds === undefined ? /^[*+]/.test(text) || /^\{\d+,\}/.test(text) : bounds.most > 16;
}

function newGroup(): Group {
  return { repeats: false, ways: 1, alternatives: [''] };
}

function dangerous(why: string): PatternShape {
  return { danger: `may take exponential time on a hostile value: ${why}`, ways: Infinity };
}

function waysOf({ ways, alternatives }: Group): number {
  return overlap(alternatives) ? ways * alternatives.length : ways;
}

/** The bounds of the quantifier that the text begins with; undefined when it has none, or no upper one. */
function boundsOf(text: string): { readonly least: number; readonly most: number } | undefined {
  if (text.startsWith('?')) return { least: 0, most: 1 };
  const counted = /^\{(\d+)(?:,(\d+))?\}/.exec(text);
  if (counted === null) return undefined;
  return { least: Number(counted[1]), most: Number(counted[2] ?? counted[1]) };
}

/** Whether the text begins with a quantifier that lets the length of its match vary. */
function variable(text: string): boolean {
  return text.startsWith('?') || /^\{\d+,/.test(text) || unbounded(text);
}

function append(group: Group, atom: string): void {
  group.alternatives.push((group.alternatives.pop() ?? '') + atom);
}

/** Whether two alternatives might begin alike: the same character, or a class, group or escape whose extent is unknown. */
function overlap(alternatives: readonly string[]): boolean {
  if (alternatives.length < 2) return false;
  const firsts = alternatives.map(each => each.charAt(0));
  return new Set(firsts).size < firsts.length || firsts.some(first => first === '' || '.\\[('.includes(first));
}

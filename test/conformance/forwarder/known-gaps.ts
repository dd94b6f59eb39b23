/** What a forwarder is known not to do: the rule of the suite that fails, and why. Each stands in docs/forwarders.md, word for word. */
const knownGaps: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'http-proxy-middleware': {
    'keeps the place and spelling of each repeated request field':
      'The library keeps fields by name: all values of a repeated one stand together, at the place and in the spelling of the first.',
    'passes repeated Cookie fields on as they came': 'Node joins them to one field, `a=1; b=2`, which means the same.',
  },
};

/** The known gaps of a forwarder: rule and reason. */
export function gapsOf(forwarder: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(knownGaps[forwarder] ?? {}));
}

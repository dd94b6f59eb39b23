/** The names of the circuit of one backend. */
export interface CircuitName {
  readonly upstream: string;
  readonly backend: string;
  /** Its place among the backends of the upstream. */
  readonly index: number;
  /** `upstream/backend`: unique in the configuration. */
  readonly full: string;
  /** The id of the backend alone; undefined when it could mean another circuit as well. */
  readonly short: string | undefined;
}

/** The names of the circuits of all backends, in the order of the configuration. */
export function circuitNames(
  upstreams: Iterable<readonly [string, { readonly backends: readonly { readonly id: string }[] }]>,
): CircuitName[] {
  const all = [...upstreams].flatMap(([upstream, { backends }]) =>
    backends.map(({ id }, index) => ({ upstream, backend: id, index, full: `${upstream}/${id}` })),
  );
  // The path of a socket may look like the full name of another circuit: it then means that other circuit.
  const uses = new Map(all.map(({ full }) => [full, 1]));
  for (const { backend } of all) uses.set(backend, (uses.get(backend) ?? 0) + 1);
  return all.map(name => ({ ...name, short: uses.get(name.backend) === 1 ? name.backend : undefined }));
}

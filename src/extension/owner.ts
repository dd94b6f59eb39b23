const owners = new WeakMap<object, string>();

/** Says that a module class belongs to one of several gateways of an application, by its name. */
export function own(module: object, gateway: string): void {
  owners.set(module, gateway);
}

/** The name of the gateway that a module class was made for; undefined: it is the application's, or of the gateway without a name. */
export function ownerOf(module: object | undefined): string | undefined {
  return module && owners.get(module);
}

/** What separates segments, or does so for some server. */
const separators = [...['/', '//', '/./', '\\', '%2f', '%2F', '%5c', '%252f', '%255C', '/;/', '/;x/', '%2f/', '/%2e/']];
/** What leads up a level, or does so for some server. */
const ups = [
  ...['..', '%2e%2e', '.%2E', '%252e%252e', '..;', '..;x', '..%3b', '..%20', '..%09', '..%00', '%25252e%25252e'],
];
/** What is called `admin`, or is so for some server. */
const names = [
  ...['admin', '%61dmin', 'adm%69n', '%2561dmin', 'admin;x', 'admin;x=/y', 'admin%3bx', 'admin%20', 'admin%09'],
  ...['admin%00', 'admin%0a', 'admin%3f', 'admin%23x', 'admin%2520', 'adm%0din', 'admin%20;x', 'admin%00.js'],
];
const starts = ['//x', '/\\x', '///x', '/\\/x', '/\\\\x', '//x:80', '/%2fx', '/%5cx', '//x\\y', '//'];

/** Spellings of paths that some server could take for one below `/admin`, and others of the same kind that none does: each once. */
export function adminSpellings(): string[] {
  const all = new Set<string>();
  const add = (path: string): unknown => all.add(path.startsWith('/') ? path : `/${path}`);
  for (const name of names) {
    for (const one of separators) {
      for (const two of [...separators, '/..;/admin/', '/x/../']) add(`${one}${name}${two}users`);
    }
    for (const start of starts) {
      add(`${start}/${name}/users`);
      add(`${start}\\${name}\\users`);
      add(`${start}/..${name === 'admin' ? '' : ';'}/${name}`);
    }
    add(`/${name}`);
  }
  for (const up of ups) {
    for (const one of separators) {
      for (const two of separators) {
        add(`/admin${one}${up}${two}public`);
        add(`/public${one}${up}${two}admin/users`);
        add(`/admin/users${one}${up}${two}..;x/public/x`);
      }
      for (const name of names) add(`/public${one}${up}/${name}/users`);
      for (const start of starts) add(`${start}${one}${up}${one}admin`);
    }
  }
  return [...all];
}

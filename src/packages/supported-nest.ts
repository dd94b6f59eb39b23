import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The major versions of Nest that the gateway works with. On 11 one gateway works, and a second one in the same application is the first. */
const majors = [12];

/** Parts of Nest that the gateway and the application must have in common. */
const parts = ['@nestjs/common', '@nestjs/core'];

/** What is to be done about the installed Nest, in one line; undefined: it will do. `versionOf`: of a package; undefined where it is not found. */
export function nestTrouble(versionOf: (name: string) => string | undefined = installed): string | undefined {
  for (const name of parts) {
    const version = versionOf(name);
    if (version === undefined || majors.includes(Number.parseInt(version, 10))) continue;
    const newest = majors.at(-1);
    return `Gatehouse needs Nest ${majors.join(' or ')}, and this application has ${name} ${version}: npm install ${parts.map(part => `${part}@${newest}`).join(' ')}`;
  }
  return undefined;
}

/** The version of a package as this module gets it. A bundle holds its own, and finds none. */
function installed(name: string): string | undefined {
  try {
    const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

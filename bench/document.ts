import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, type Machine } from '#bench/machine';

const documentFile = join(projectRoot, 'docs/performance.md');

/** Puts text between the markers `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. Throws when the document has none. */
export function replaceSection(document: string, name: string, content: string): string {
  const open = `<!-- bench:${name} -->`;
  const close = `<!-- /bench:${name} -->`;
  const start = document.indexOf(open);
  const end = document.indexOf(close, start);
  if (start < 0 || end < 0) throw new Error(`the document has no section ${open} … ${close}`);
  return `${document.slice(0, start)}${open}\n\n${content.trim()}\n\n${document.slice(end)}`;
}

/** Puts several sections into a text. Throws when it lacks one of them. */
export function replaceSections(document: string, sections: ReadonlyMap<string, string>): string {
  return [...sections].reduce((text, [name, content]) => replaceSection(text, name, content), document);
}

/** Writes figures into the performance document: all sections or, when it lacks one of them, none. */
export function writeSections(sections: ReadonlyMap<string, string>): void {
  writeFileSync(documentFile, replaceSections(readFileSync(documentFile, 'utf8'), sections));
}

/** Writes the figures of one section into the performance document. */
export function writeSection(name: string, content: string): void {
  writeSections(new Map([[name, content]]));
}

/** Throws when the performance document lacks one of these sections: before a run, since it would be in vain. */
export function assertSections(names: readonly string[]): void {
  replaceSections(readFileSync(documentFile, 'utf8'), new Map(names.map(name => [name, ''])));
}

/** Says under which circumstances figures were taken. Names no host and no path. */
export function circumstances(machine: Machine, command: string, parts: readonly string[]): string {
  const date = new Date().toISOString().slice(0, 10);
  const pinning = machine.pins ? 'proxy on one core, backends and load on another' : 'nothing pinned to a core';
  return [
    `\`${command}\`, ${date}; ${machine.cores} cores, ${pinning}; Node ${machine.node}.`,
    `${parts.join(', ')}.`,
  ].join(' ');
}

import { nestTrouble } from './supported-nest.js';
import { nodeTrouble } from './supported-node.js';

// Imported before all else by those who import the package: what follows fails on such versions with errors that say nothing of the cause.
const trouble = nodeTrouble(process.versions.node) ?? nestTrouble();
if (trouble !== undefined) throw Object.assign(new Error(trouble), { stack: trouble });

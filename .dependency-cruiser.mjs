/**
 * The floors of src/, from the cellar (-2) up. A folder imports only from floors below its own; folders of one floor never
 * import each other. Type imports count. To add a folder, name it here and in the table of docs/architecture.md.
 */
const floors = [
  ['patterns', 'platform', 'fields', 'addresses', 'spelling', 'random', 'changes', 'packages'],
  ['body-schema', 'http1', 'tls'],
  ['config', 'http', 'extension', 'shared-memory'],
  ['logging', 'metrics', 'tracing'],
  ['routing', 'upstream'],
  ['load-balancer', 'circuit-breaker', 'health', 'security'],
  ['proxy'],
  ['websocket', 'sse', 'admin', 'listeners'],
  ['process'],
  ['explain'],
  ['workers'],
];

/**
 * The rooms of src/proxy/, in the order in which a request's way is built up: a room imports only from those before it, types included, and none
 * from the road, which is the files beside them.
 */
const rooms = ['client', 'forwarder', 'target', 'lasting', 'transform', 'plan'];

/** What stands above all floors: the entry, the function that builds the application, the public index, the commands. */
const top =
  '^src/(main|worker|gateway|gateway\\.module|standalone|index|known-extensions|package-root|version)\\.ts$|^src/(cli|nest|testing)/';

const folder = name => `^src/${name}/`;

const floorRules = floors.flatMap((names, floor) =>
  names.map(name => ({
    name: `floor-${floor - 2}-${name}`,
    comment: `src/${name}/ is on floor ${floor - 2}: it may import only from itself and from the floors below.`,
    severity: 'error',
    from: { path: folder(name) },
    to: { path: '^src/', pathNot: [folder(name), ...floors.slice(0, floor).flat().map(folder)] },
  })),
);

const roomRules = rooms.map((name, index) => ({
  name: `room-${name}`,
  comment: `src/proxy/${name}/ may import from the rooms before it (${rooms.slice(0, index).join(', ') || 'none'}), and not from the road.`,
  severity: 'error',
  from: { path: `^src/proxy/${name}/` },
  to: { path: '^src/proxy/', pathNot: rooms.slice(0, index + 1).map(room => `^src/proxy/${room}/`) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...floorRules,
    ...roomRules,
    {
      name: 'folder-has-a-floor',
      comment: 'Everything in src/ stands on a floor or at the top; a new folder needs a line in the floors list.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: [top, ...floors.flat().map(folder)] },
    },
    {
      name: 'dashboard-alone',
      comment:
        'The dashboard runs in a browser: of src/ it knows the types of the admin API and the words of explanations, which need nothing of Node.',
      severity: 'error',
      from: { path: '^dashboard/' },
      to: {
        path: '^(src|test|bench)/',
        pathNot: '^src/(admin/api/views|explain/explanation|explain/explanation-text)\\.ts$',
      },
    },
    {
      name: 'dashboard-model',
      comment: 'dashboard/model/ needs no browser.',
      severity: 'error',
      from: { path: '^dashboard/model/' },
      to: { path: '^dashboard/(link|view|main)' },
    },
    {
      name: 'dashboard-link',
      comment: 'dashboard/link/ knows what is shown as a model, and not how.',
      severity: 'error',
      from: { path: '^dashboard/link/' },
      to: { path: '^dashboard/(view|main)' },
    },
    {
      name: 'not-to-dashboard',
      comment: 'Nothing that runs in Node leans on the dashboard.',
      severity: 'error',
      from: { path: '^(src|test|bench)/' },
      to: { path: '^dashboard/' },
    },
    {
      name: 'no-circular',
      comment: 'Files that import each other in a circle. Type imports count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this file and it imports nothing: dead, or forgotten in a module list.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: ['\\.spec\\.ts$', '\\.d\\.ts$', '^src/index\\.ts$'] },
      to: {},
    },
    {
      name: 'no-dev-dependencies',
      comment:
        'What runs in an application comes from "dependencies" or "peerDependencies". The commands are part of the program alone, whose bundle holds what it needs.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.spec\\.ts$', '^src/cli/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'type-only'] },
    },
    {
      name: 'no-undeclared-dependencies',
      comment: 'A package that package.json does not name may vanish with the next install.',
      severity: 'error',
      from: { path: '^(src|test|bench|dashboard)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'not-to-tests',
      comment: 'The product does not lean on its tests or benchmarks.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: ['^(test|bench)/', '\\.spec\\.ts$'] },
    },
    {
      name: 'unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test/packed/fixtures)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

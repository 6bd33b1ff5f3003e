/** Node modules that open no socket, read no file and start no process. */
const PURE_NODE_MODULES = ['assert', 'buffer', 'crypto', 'events', 'querystring', 'string_decoder', 'url', 'util']

const forbidPackages = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^packages/${from}/` },
  to: { path: `^packages/(${to})/` },
})

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or need a third. Type imports count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    forbidPackages('core-imports-none-of-us', 'core', 'worker|master|sim|cli', 'core is at the bottom.'),
    forbidPackages('worker-imports-only-core', 'worker', 'master|sim|cli', 'worker and master meet in the protocol.'),
    forbidPackages('master-imports-only-core', 'master', 'worker|sim|cli', 'worker and master meet in the protocol.'),
    forbidPackages('sim-imports-only-core', 'sim', 'worker|master|cli', 'sim knows nothing of who loads it.'),
    {
      name: 'core-is-pure',
      comment: `core opens no socket and reads no file: of Node it uses only ${PURE_NODE_MODULES.join(', ')}.`,
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: '[.]test[.]ts$' },
      to: { dependencyTypes: ['core'], pathNot: `^(node:)?(${PURE_NODE_MODULES.join('|')})$` },
    },
    {
      name: 'hdr-histogram-js-in-tests-only',
      comment: 'Our histograms are compared with it; it is not shipped.',
      severity: 'error',
      from: { path: '^packages/', pathNot: '[.]test[.]ts$' },
      to: { path: 'node_modules/hdr-histogram-js/' },
    },
    {
      name: 'no-relative-import-of-another-package',
      comment: 'Import @llmload/…: what its index.ts exports is what a package offers.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'no-deep-import-of-another-package',
      comment: 'Import @llmload/…: what its index.ts exports is what a package offers.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: ['^packages/$1/', '^packages/[^/]+/(src|dist)/index[.](ts|d[.]ts|js)$'] },
    },
    {
      name: 'no-test-in-product',
      comment: 'What is published does not import tests, test tools or vitest.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '[.]test[.]ts$' },
      to: { path: '[.]test[.]ts$|node_modules/vitest/' },
    },
    {
      name: 'no-orphans',
      comment: 'Nobody imports this file and it imports nobody.',
      severity: 'error',
      from: { orphan: true, pathNot: '^packages/[^/]+/src/index[.]ts$' },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'The module cannot be found.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: 'The module is not in the dependencies of the package that imports it.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '[.]test[.]ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-dev', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|test)/.*/fixtures/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}

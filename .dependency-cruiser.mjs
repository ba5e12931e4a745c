/**
 * Cycles, and who outside the library may look inside it. Which folder of the library may know
 * which is the table in test/support/architecture.ts.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'outsiders-use-entries',
      comment: 'Examples and benchmarks see of the library what any user sees.',
      severity: 'error',
      from: { path: '^(examples|bench)/' },
      to: { path: '^packages/libring/(src/(?!entries/)|dist/)' },
    },
    {
      name: 'library-stands-alone',
      comment: 'What is published knows nothing of the workspace around it.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(test|examples|bench|scripts)/' },
    },
    {
      name: 'declared-dependencies',
      comment: 'What a package imports stands in its own manifest.',
      severity: 'error',
      from: { path: '^(packages|examples)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['libring-source', 'import', 'node', 'default', 'types'],
    },
  },
}

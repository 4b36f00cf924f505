/** Dependencies point one way, along the data (ARCHITECTURE.md). Each list is what a package may import, nothing else. */
const allowed = {
  telemetry: [],
  'agent-shim': ['telemetry'],
  otlp: [],
  stream: [],
  store: [],
  'checked-yaml': [],
  ingest: ['otlp', 'stream', 'store'],
  collector: ['otlp', 'stream'],
  rules: ['telemetry', 'store', 'checked-yaml'],
  notify: ['telemetry', 'store'],
  'dashboards/http': ['store'],
  'dashboards/grafana': ['telemetry'],
  'dashboards/console': ['telemetry', 'store'],
  lab: ['telemetry', 'otlp', 'agent-shim'],
  cli: [
    'telemetry',
    'otlp',
    'stream',
    'store',
    'checked-yaml',
    'ingest',
    'collector',
    'rules',
    'notify',
    'dashboards/http',
    'dashboards/grafana',
    'dashboards/console',
    'lab',
  ],
  bench: ['otlp', 'stream', 'store', 'ingest', 'collector', 'rules', 'lab'],
};
const packages = Object.keys(allowed);

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    ...packages.map((name) => ({
      name: `${name}-imports-only-what-it-may`,
      comment: `sources of ${name}/ may import: ${allowed[name].join(', ') || 'no other package of ours'}`,
      severity: 'error',
      from: { path: `^${name}/src/` },
      to: {
        path: `^(${packages.filter((p) => p !== name && !allowed[name].includes(p)).join('|')})/`,
        // Node's own `stream/promises` is no package of ours.
        dependencyTypesNot: ['core'],
      },
    })),
    {
      name: 'one-door',
      comment: 'another package is entered by its index only',
      severity: 'error',
      from: { path: `^(${packages.join('|')})/` },
      to: {
        path: `^(${packages.join('|')})/`,
        pathNot: ['^$1/', '/src/index\\.(ts|js|d\\.ts)$'],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'pages-and-server-meet-in-the-contract',
      comment:
        "what runs in browsers imports nothing of the server half, nor the other way; model/ and contract.ts are both's",
      severity: 'error',
      from: { path: '^dashboards/console/src/(pages|model)/' },
      to: { path: '^dashboards/console/src/server/' },
    },
    {
      name: 'sources-never-import-tests',
      severity: 'error',
      from: { path: '/src/' },
      to: { path: '/test/' },
    },
  ],
  options: {
    // Another package is reached through its compiled door; what lies behind it is that package's own concern.
    doNotFollow: { path: ['node_modules', '/dist/'] },

    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.css'],
    },
  },
};

import { defineConfig } from 'oxlint';

// The rooms of docs/architecture.md, and which others each may enter. What is not listed is not allowed.
const ROOMS = {
  model: [],
  inventory: [],
  connect: ['inventory', 'remote'],
  remote: [],
  gather: ['remote'],
  formats: [],
  convert: ['formats'],
  exposure: ['formats'],
  fragments: [],
  tasks: ['fragments', 'formats'],
  plan: ['convert', 'exposure', 'fragments', 'formats', 'tasks'],
  commit: ['remote'],
  verify: [],
  tls: [],
  audit: ['tls', 'verify'],
  report: [],
};
const PURE = ['formats', 'convert', 'exposure', 'fragments', 'tasks', 'plan', 'tls'];
const IO = 'child_process dgram dns fs http https net os process readline timers tls worker_threads'.split(' ');

// Packages that stand behind one door each.
const SOLE = {
  'node-ssh': 'src/connect/library.ts',
  listr2: 'src/report/progress.ts',
  yargs: 'src/arguments.ts',
  zod: ['src/inventory/schema.ts', 'src/report/schema.ts'],
  diff: 'src/plan/diff.ts',
};

function doors(room, file) {
  const closed = Object.keys(ROOMS).filter((other) => room && other !== room && !ROOMS[room].includes(other));
  return {
    patterns: [
      ...closed.map((other) => ({ group: [`../${other}/**`], message: `${room} may not enter ${other}` })),
      ...(room === 'model' ? [{ regex: '^\\.\\./|^node:', message: 'model enters nothing' }] : []),
      ...(room && room !== 'model'
        ? [{ group: ['../*.ts', '!../model.ts', '!../errors.ts'], message: `${room} may not enter the hall` }]
        : []),
      ...(room || file === 'src/model.ts' ? [] : [{ group: ['./model/**'], message: 'model.ts hands them on' }]),
      ...(PURE.includes(room) ? [{ group: IO.map((name) => `node:${name}*`), message: 'a pure room: no I/O' }] : []),
    ],
    paths: Object.entries(SOLE)
      .filter(([, door]) => ![door].flat().includes(file))
      .map(([name, door]) => ({ name, message: `only ${[door].flat().join(' and ')} imports ${name}` })),
  };
}

/** Beyond what oxlint calls correctness: what typescript-eslint recommends, and what this project wants. */
const RULES =
  `no-var prefer-const prefer-rest-params prefer-spread no-array-constructor no-console typescript/ban-ts-comment
  typescript/consistent-type-imports typescript/no-empty-object-type typescript/no-explicit-any
  typescript/no-misused-promises typescript/no-namespace typescript/no-require-imports
  typescript/no-unnecessary-type-assertion typescript/no-unnecessary-type-constraint typescript/no-unsafe-argument
  typescript/no-unsafe-assignment typescript/no-unsafe-call typescript/no-unsafe-enum-comparison
  typescript/no-unsafe-function-type typescript/no-unsafe-member-access typescript/no-unsafe-return
  typescript/only-throw-error typescript/prefer-promise-reject-errors typescript/restrict-plus-operands`.split(/\s+/);

const off = (...names) => Object.fromEntries(names.map((name) => [`typescript/${name}`, 'off']));

export default defineConfig({
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  plugins: ['typescript', 'oxc'],
  categories: { correctness: 'error' },
  ignorePatterns: ['dist', 'coverage', 'test/cases', 'test/corpus'],
  rules: {
    ...Object.fromEntries(RULES.map((name) => [name, 'error'])),
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'no-control-regex': 'off',
    ...off('no-misused-spread'), // of strings: into code points is what is meant
  },
  overrides: [
    { files: ['src/*.ts'], rules: { 'no-restricted-imports': ['error', doors(null)] } },
    { files: ['src/model.ts'], rules: { 'no-restricted-imports': ['error', doors(null, 'src/model.ts')] } },
    ...Object.keys(ROOMS).map((room) => ({
      files: [`src/${room}/**/*.ts`],
      rules: { 'no-restricted-imports': ['error', doors(room)] },
    })),
    ...Object.values(SOLE)
      .flat()
      .map((file) => ({
        files: [file],
        rules: { 'no-restricted-imports': ['error', doors(/^src\/([^/]+)\//.exec(file)?.[1] ?? null, file)] },
      })),
    {
      files: ['test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
      rules: {
        'no-console': 'off',
        ...off('no-unsafe-assignment', 'no-unsafe-member-access'),
        ...off('no-floating-promises'), // mocha's describe and it
      },
    },
    {
      // No types are said there.
      files: ['**/*.{mjs,cjs,js}'],
      rules: off(
        'no-unsafe-argument',
        'no-unsafe-assignment',
        'no-unsafe-call',
        'no-unsafe-member-access',
        'no-unsafe-return',
      ),
    },
    { files: ['**/*.cjs'], rules: off('no-require-imports') },
  ],
});

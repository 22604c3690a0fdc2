import tseslint from 'typescript-eslint';

// The rooms of docs/architecture.md, and which others each may enter. What is not listed is not allowed.
const ROOMS = {
  model: [],
  inventory: [],
  connect: ['inventory', 'remote'],
  remote: [],
  gather: ['remote'],
  formats: [],
  convert: ['formats'],
  fragments: [],
  tasks: ['fragments', 'formats'],
  plan: ['convert', 'fragments', 'formats', 'tasks'],
  commit: ['remote'],
  verify: [],
  tls: [],
  audit: ['tls', 'verify'],
  report: [],
};
const PURE = ['formats', 'convert', 'fragments', 'tasks', 'plan', 'tls'];
const IO = 'child_process dgram dns fs http https net os process readline timers tls worker_threads'.split(' ');

// Packages that stand behind one door each.
const SOLE = {
  'node-ssh': 'src/connect/session.ts',
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
      ...(room ? [{ regex: '^\\.\\./(?!model|errors)[^/]+\\.ts$', message: `${room} may not enter the hall` }] : []),
      ...(room === 'model' ? [{ regex: '^\\.\\./|^node:', message: 'model enters nothing' }] : []),
      ...(room || file === 'src/model.ts' ? [] : [{ group: ['./model/**'], message: 'model.ts hands them on' }]),
      ...(PURE.includes(room) ? [{ group: IO.map((name) => `node:${name}*`), message: 'a pure room: no I/O' }] : []),
    ],
    paths: Object.entries(SOLE)
      .filter(([, door]) => ![door].flat().includes(file))
      .map(([name, door]) => ({ name, message: `only ${[door].flat().join(' and ')} imports ${name}` })),
  };
}

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'test/cases', 'test/corpus'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/require-await': 'off', // An interface may be asynchronous where an implementation need not be.
      'no-console': 'error',
      'no-control-regex': 'off',
    },
  },
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
      '@typescript-eslint/no-floating-promises': 'off', // mocha's describe and it
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  { files: ['**/*.mjs', '**/*.cjs', '**/*.js'], ...tseslint.configs.disableTypeChecked },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);

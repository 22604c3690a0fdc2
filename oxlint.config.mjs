import { defineConfig } from 'oxlint';

// Packages that one file alone imports. Which module may import which is held by scripts/structure.mjs.
const SOLE = {
  'node-ssh': ['src/connect/library.ts'],
  listr2: ['src/terminal/progress.ts'],
  yargs: ['src/cli/arguments.ts'],
  zod: [
    'src/inventory/inventory-schema.ts',
    'src/report/document-schema.ts',
    'src/report/ending-view.ts',
    'src/report/map-schema.ts',
    'src/report/page.ts',
    'src/report/read-rehearsal.ts',
  ],
  diff: ['src/plan/diff.ts'],
};

const onlyIn = (file) => ({
  paths: Object.entries(SOLE)
    .filter(([, files]) => !files.includes(file))
    .map(([name, files]) => ({ name, message: `only ${files.join(' and ')} imports ${name}` })),
});

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
    { files: ['src/**/*.ts'], rules: { 'no-restricted-imports': ['error', onlyIn(null)] } },
    ...Object.values(SOLE)
      .flat()
      .map((file) => ({ files: [file], rules: { 'no-restricted-imports': ['error', onlyIn(file)] } })),
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

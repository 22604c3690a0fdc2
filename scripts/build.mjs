// Compiles src/ to dist/ and puts the shell scripts, which run on the host as they are, beside their modules.
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, statSync } from 'node:fs';

process.chdir(new URL('..', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
cpSync('src', 'dist', { recursive: true, filter: (path) => statSync(path).isDirectory() || path.endsWith('.sh') });

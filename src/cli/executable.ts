/** Starts the program from the single executable, which holds its own Node.js (scripts/binary.ts). */
import { getRawAsset } from 'node:sea';
import { startProgram } from './start-program.ts';

startProgram((name) => Buffer.from(getRawAsset(name) as ArrayBuffer).toString('latin1'), process.execPath);

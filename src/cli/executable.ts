/** Starts the program from the single executable, which holds its own Node.js (scripts/binary.ts). */
import { getRawAsset } from 'node:sea';
import { startProgram } from './start-program.ts';

const text = (): string => Buffer.from(getRawAsset('program.cjs') as ArrayBuffer).toString('latin1');
startProgram(text, process.execPath);

/**
 * The plain values that the rooms hand to one another, in the order of the road:
 * inventory → connect → gather → plan → diff → commit → verify → report.
 * They import nothing but one another; everything may import them, from here.
 */
export * from './model/words.ts';
export * from './model/ports.ts';
export * from './model/host.ts';
export * from './model/snapshot.ts';
export * from './model/plan.ts';
export * from './model/transaction.ts';
export * from './model/command.ts';
export * from './model/finding.ts';
export * from './model/audit.ts';
export * from './model/check.ts';
export * from './model/exposure.ts';
export * from './model/result.ts';

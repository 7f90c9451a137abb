#!/usr/bin/env node
// berthd: the agent's command line. Plain JavaScript, so that node runs it from anywhere; the words are in cli.ts.
import { register } from 'tsx/esm/api';

register();
const { berthd } = await import('./cli.ts');
await berthd(process.argv.slice(2)).catch(error => {
  console.error(error.message);
  process.exitCode = 1;
});

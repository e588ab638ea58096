#!/usr/bin/env node
// The command `sluice`.

import { run } from "./program.ts";

// A reader that goes away early (`sluice ... | head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await run(process.argv);

// Builds dist/: both kernels with asc, then the host with tsc. Plain Node, no dependency.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: "inherit" });
const asc = "node_modules/assemblyscript/bin/asc.js";
const config = ["--config", "asconfig.json"];

node(asc, ...config, "--target", "release");
node(asc, ...config, "--target", "probe");
node("node_modules/typescript/bin/tsc", "-p", "tsconfig.json");

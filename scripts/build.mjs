// Builds dist/: both kernels with asc, then the host with tsc.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: "inherit" });
const asc = "node_modules/assemblyscript/bin/asc.js";
const config = ["--config", "asconfig.json"];

/**
 * Optimizes the kernels, which asc leaves to us: its own limits keep the stages as calls, and it
 * inlines what is rare into what is frequent, which then is too large to be inlined itself. V8
 * inlines nothing in WebAssembly, and a call costs about as much as a short stage (asc's own limits
 * and this pass without them took an eighth more time per packet).
 */
function optimize() {
  const limits = ["-aimfs", "300", "-fimfs", "2000", "-ocimfs", "4000"];
  const file = "dist/sluice.wasm";
  const tools = "node_modules/binaryen/bin/";
  node(`${tools}wasm-opt`, file, "-o", file, "--all-features", "-O3", ...limits, "-O3");
  node(`${tools}wasm-dis`, file, "-o", "dist/sluice.wat", "--all-features");
}

node(asc, ...config, "--target", "release");
node(asc, ...config, "--target", "probe");
optimize();
node("node_modules/typescript/bin/tsc", "-p", "tsconfig.json");

// Makes the project ready to run: installs what is missing, builds what is out of date, and is
// quiet when there is nothing to do. Plain Node, so that it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const inRoot = (path) => join(root, path);

/** npm writes it at the end of each install. */
const INSTALLED = inRoot("node_modules/.package-lock.json");
/** Written after each build that succeeded; its time is that of the build's start. */
const BUILT = inRoot("dist/.built");
const SOURCES = ["src", "assembly", "asconfig.json", "tsconfig.json", "scripts/build.mjs"];

/** Milliseconds since 1970 of a file's last change; 0 when there is none. */
function changed(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The latest change at or below a path. Folders count too: they change when a file goes. */
function latestChange(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  const below = readdirSync(path).map((name) => latestChange(join(path, name)));
  return Math.max(found.mtimeMs, ...below);
}

/**
 * The environment without what an outer npm (`npm test`) puts there for its script: its own
 * package, and options such as --dry-run that were meant for the outer command only.
 */
function cleanEnvironment() {
  const options =
    "dry_run|global|ignore_scripts|include|json|local_prefix|omit|only|package_lock_only|prefix";
  const more = "production|workspaces?";
  const forOuter = new RegExp(`^npm_(?!config_)|^npm_config_(${options}|${more})$`, "i");
  const kept = Object.entries(process.env).filter(([name]) => !forOuter.test(name));
  return Object.fromEntries(kept);
}

function runStep(what, command, args, options = {}) {
  console.error(`sluice: ${what} ...`);
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    // What is run here is not the output that was asked for: it goes to stderr.
    stdio: ["ignore", 2, 2],
    env: cleanEnvironment(),
    ...options,
  });
  if (status === 0) return;
  const reason = error?.message ?? (signal === null ? `exit status ${status}` : signal);
  console.error(`sluice: ${what} failed (${reason}); the lines above say why`);
  process.exit(1);
}

function install() {
  const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath ?? "";
  // The npm that started this script, if one did: there may be no other on the path.
  if (/npm-cli\.[cm]?js$/.test(npm)) {
    runStep("installing packages (npm ci)", process.execPath, [npm, ...args]);
  } else {
    const shell = process.platform === "win32";
    runStep("installing packages (npm ci)", "npm", args, { shell });
  }
}

function build() {
  const start = new Date();
  runStep("building", process.execPath, ["scripts/build.mjs"]);
  writeFileSync(BUILT, "");
  utimesSync(BUILT, start, start);
}

if (changed(INSTALLED) === 0 || changed(inRoot("package-lock.json")) > changed(INSTALLED)) {
  install();
}
const sources = Math.max(...SOURCES.map((path) => latestChange(inRoot(path))));
if (sources > changed(BUILT) || changed(INSTALLED) > changed(BUILT)) build();

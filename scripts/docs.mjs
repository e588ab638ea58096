// Writes the generated pages of docs/ from the built sources (npm run build first).
import { writeFileSync } from "node:fs";
import * as drops from "../dist/assembly/drops.js";
import { configurationPage, dropReasonsPage, errorsPage } from "../dist/src/config/reference.js";
import { ERROR_CODES } from "../dist/src/errors.js";

const pages = [
  { file: "configuration.md", content: configurationPage() },
  { file: "drop-reasons.md", content: dropReasonsPage(drops, drops.dropSentence) },
  { file: "errors.md", content: errorsPage(ERROR_CODES) },
];

for (const { file, content } of pages) {
  writeFileSync(new URL(`../docs/${file}`, import.meta.url), content);
}

// Copies what package.json's "vendor" table names from node_modules to static/vendor (the image's build has no Python).
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const { vendor } = JSON.parse(readFileSync("package.json", "utf8"));
for (const [source, name] of Object.entries(vendor)) {
  const target = join("static/vendor", name);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join("node_modules", source), target);
}

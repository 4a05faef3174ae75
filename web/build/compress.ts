import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const text = /\.(js|css|html|json|svg|txt|webmanifest)$/;

/**
 * Writes a Brotli and a gzip copy beside every text file, so that the server never compresses what never changes.
 * Also puts back the placeholder that lets the Go package compile before the first build.
 */
export function compress(): Plugin {
  let outDir = "dist";
  return {
    name: "visavis-compress",
    apply: "build",
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      const files = await readdir(outDir, { recursive: true });
      for (const file of files.filter((name) => text.test(name))) {
        // What is named after its content, and was compressed with the page before, is the same.
        if (file.startsWith("assets") && files.includes(`${file}.br`)) continue;
        await compressFile(join(outDir, file));
      }
      await writeFile(join(outDir, ".gitkeep"), "");
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const content = await readFile(path);
  const brotli = await promisify(brotliCompress)(content, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
  await writeFile(`${path}.br`, brotli);
  await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
}

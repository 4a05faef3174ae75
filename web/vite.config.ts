import { svelte } from "@sveltejs/vite-plugin-svelte";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { compress } from "./build/compress.ts";
import { classesNamedIn, onlyUsedClasses } from "./build/only-used-classes.ts";
import { inlineIcon } from "./build/inline-icon.ts";
import { logicalProperties } from "./build/logical-properties.ts";
import { onlyUsedProperties } from "./build/only-used-properties.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Guests load the call before they wait: as one file, not as one for every set of pages that shares a part of it. */
const call = { name: "call", test: /src\/call\/(?!after|branch|devices|pair|paths|persist|sound|store)/ };

/** What one fills in, with what says that it is wrong, comes as one file: a page can have 64. */
const field = {
  name: "field",
  test: /src\/ui\/(?:ErrorText|Field|RadioGroup)\.svelte|\/bindings\/input\.js/,
};

/**
 * What is loaded while somebody waits, and needed all at once when they are called. Chromium compiles it when it comes,
 * beside what it is doing, instead of function by function when the talk begins (V8, "explicit compile hints").
 */
const compiledAhead = new Set(["call", "later"]);

/**
 * What is looked for by name (scripts/lib/size-budget.mjs). The names of all others stand in what guests load first, too, and
 * two letters of each are enough for whoever looks at a browser's list of requests.
 */
const named = /^(?:call|pdf|picture|(?:guest|staff)\..*)$/;

/** Fields and choices come with what shows them, although Svelte names their code beside what every page needs. */
const bindings = { test: /svelte.*\/bindings\//, sideEffects: false };
const notBindings = /^(?!.*\/bindings\/(?:input|select)\.js)/;

/**
 * One build per page (`--mode guest`, `--mode staff`): what only staff need must not ride along in a chunk that guests
 * load. The gallery shows every component and is no part of the product.
 */
export default defineConfig(({ mode }) => {
  const start = {
    name: "start",
    tags: ["$initial" as const],
    ...(mode === "guest" && { test: notBindings }),
  };
  const pages = ["guest", "staff", "gallery"].includes(mode) ? [mode] : ["guest", "staff"];
  return {
    plugins: [svelte(), inlineIcon(), compress()],
    resolve: {
      alias: { "@locales": path("../locales") },
      // Component tests mount in a simulated browser; without this they would get Svelte's server build.
      ...(mode === "test" ? { conditions: ["browser"] } : {}),
    },
    css: {
      preprocessorOptions: {
        // KERN's own deprecation notes are not ours to mend.
        scss: { loadPaths: [path("node_modules/@kern-ux/native/src/scss")], quietDeps: true },
      },
      postcss: {
        plugins: [onlyUsedClasses(classesNamedIn(path("src/ui"))), logicalProperties(), onlyUsedProperties()],
      },
    },
    json: { stringify: true },
    build: {
      target: ["chrome105", "firefox115", "safari16"],
      // KERN's colours need oklch() and color-mix(); older browsers get readable black on white.
      cssTarget: ["chrome111", "firefox121", "safari16.4"],
      outDir: mode === "gallery" ? "dist-gallery" : "dist",
      emptyOutDir: mode !== "staff",
      // Fonts and pictures stay files: the content security policy allows no data: fonts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: {
        input: pages.map((page) => path(`${page}.html`)),
        checks: { bundlerTimings: false }, // which plugin took how long reads like a warning on a slow machine
        treeshake: { moduleSideEffects: [bindings] },
        output: {
          // By 36 bits of its content each of a hundred files has its own name; they stand in what guests load first.
          entryFileNames: "assets/[name]-[hash:6].js",
          chunkFileNames: ({ name }) =>
            `assets/${named.test(name) ? "[name]" : name.slice(0, 2)}-[hash:6].js`,
          assetFileNames: "assets/[name]-[hash:6][extname]",
          postBanner: ({ name }) => (compiledAhead.has(name) ? "//# allFunctionsCalledOnLoad" : ""),
          codeSplitting: {
            groups: [start, call, field],
            includeDependenciesRecursively: false,
          },
        },
      },
    },
    worker: {
      rolldownOptions: {
        output: {
          postBanner: ({ name }) =>
            name === "pdf"
              ? "/*! PDF.js, (c) Mozilla Foundation, Apache-2.0; core-js, (c) Denis Pushkarev, MIT */"
              : "",
        },
      },
    },
    server: { fs: { allow: [path(".."), path(".")] } },
    test: {
      // A page is made for those that say so: `// @vitest-environment happy-dom`. To make one takes longer than most tests.
      environment: "node",
      include: ["src/**/*.test.ts", "build/**/*.test.ts"],
    },
  };
});

import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

const svelteImports = {
  group: ["svelte", "svelte/*", "*.svelte", "**/ui", "**/ui/*"],
  message: "No framework here.",
};

/** Who may import what: one place says it, so that a new folder is a decision. */
const imports = (folder, ...patterns) => ({
  files: [`src/${folder}/**/*.{ts,svelte}`],
  rules: { "no-restricted-imports": ["error", { patterns }] },
});

export default defineConfig(
  { ignores: ["dist", "dist-gallery", "src/api/schema.d.ts"] },
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      // The linter cannot see through component types and takes them for any; svelte-check sees them.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    rules: {
      "no-undef": "off", // TypeScript knows better.
      "no-console": "error",
      eqeqeq: "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "svelte/no-at-html-tags": "error",
      "svelte/no-target-blank": "error",
      "svelte/button-has-type": "error",
      "svelte/no-navigation-without-resolve": "off", // SvelteKit only.
      "no-restricted-syntax": [
        "error",
        {
          selector: 'SvelteAttribute[key.name="style"]',
          message: "The content security policy refuses style attributes; use a class or a style: directive.",
        },
        {
          selector: "MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]",
          message: "Texts are never HTML.",
        },
      ],
    },
  },
  imports("guest", {
    group: ["**/staff", "**/staff/*"],
    message: "Guest and staff never import each other.",
  }),
  imports("staff", {
    group: ["**/guest", "**/guest/*"],
    message: "Guest and staff never import each other.",
  }),
  imports("talk", { group: ["**/guest/*", "**/staff/*"], message: "What both pages show knows neither." }),
  imports("ui", {
    group: ["**/guest/*", "**/staff/*", "**/call/*", "**/api/*"],
    message: "Components know no feature.",
  }),
  imports("call", svelteImports, {
    group: ["**/guest/*", "**/staff/*"],
    message: "Call logic knows no page.",
  }),
  imports("api", svelteImports, {
    group: ["**/guest/*", "**/staff/*"],
    message: "The API client knows no page.",
  }),
  imports("i18n", svelteImports, { group: ["**/guest/*", "**/staff/*"], message: "Texts know no page." }),
  {
    files: ["*.config.js", "*.config.ts", "build/**/*.ts"],
    languageOptions: { globals: { ...globals.node } },
  },
  // Whose types nobody needs: they would bring those of all tools with them.
  { files: ["*.config.js"], ...ts.configs.disableTypeChecked },
);

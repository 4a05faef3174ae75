// Instead of the types of happy-dom, which Vitest mentions and nobody here uses: they are half of all that the type
// checker and the linter would read.
export {};

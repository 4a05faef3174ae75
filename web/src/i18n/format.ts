/** Fills a message in a subset of ICU MessageFormat: {name}, {n, plural, …} with # and =0, {x, select, …}. */
export type Params = Readonly<Record<string, string | number>>;

type Part = string | { name: string; options?: Map<string, Part[]>; plural?: boolean };

const parsed = new Map<string, Part[]>();

export function format(message: string, language: string, params: Params = {}): string {
  let parts = parsed.get(message);
  if (!parts) {
    parts = new Parser(message).message(false);
    parsed.set(message, parts);
  }
  return render(parts, language, params);
}

/** The names of all arguments of a message, sorted; for tests that compare languages. */
export function argumentsOf(message: string): string[] {
  const names = new Set<string>();
  const visit = (parts: Part[]): void => {
    for (const part of parts) {
      if (typeof part === "string") continue;
      names.add(part.name);
      part.options?.forEach(visit);
    }
  };
  visit(new Parser(message).message(false));
  return [...names].sort();
}

function render(parts: Part[], language: string, params: Params, count?: number): string {
  return parts
    .map((part) => {
      if (part === hash) return new Intl.NumberFormat(language).format(count ?? 0);
      if (typeof part === "string") return part;
      const value = params[part.name];
      if (value === undefined) throw new Error(`${part.name} is missing`);
      if (!part.options) {
        return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
      }
      const chosen = part.plural
        ? pluralOption(part.options, language, Number(value))
        : part.options.get(String(value));
      const inner = chosen ?? part.options.get("other") ?? [];
      return render(inner, language, params, part.plural ? Number(value) : count);
    })
    .join("");
}

function pluralOption(options: Map<string, Part[]>, language: string, count: number): Part[] | undefined {
  return options.get(`=${count}`) ?? options.get(new Intl.PluralRules(language).select(count));
}

/** Stands for the number of the innermost plural; no message can contain it by itself. */
const hash = "\u0000#";

class Parser {
  private position = 0;

  constructor(private readonly text: string) {}

  message(insidePlural: boolean): Part[] {
    const parts: Part[] = [];
    let literal = "";
    const flush = (): void => {
      if (literal) parts.push(literal);
      literal = "";
    };
    while (this.position < this.text.length && this.peek() !== "}") {
      const character = this.next();
      if (character === "'" && /[{}#']/.test(this.peek())) {
        literal += this.quoted();
      } else if (character === "{") {
        flush();
        parts.push(this.argument());
      } else if (character === "#" && insidePlural) {
        flush();
        parts.push(hash);
      } else {
        literal += character;
      }
    }
    flush();
    return parts;
  }

  /** After an apostrophe: two are one, otherwise everything up to the closing one is literal. */
  private quoted(): string {
    if (this.peek() === "'") return this.next();
    const end = this.text.indexOf("'", this.position);
    const stop = end < 0 ? this.text.length : end;
    const quoted = this.text.slice(this.position, stop);
    this.position = stop + 1;
    return quoted;
  }

  private argument(): Part {
    const name = this.word();
    if (this.take("}")) return { name };
    this.expect(",");
    const kind = this.word();
    if (kind !== "plural" && kind !== "select") throw this.error(`unknown ${kind}`);
    this.expect(",");
    const plural = kind === "plural";
    const options = new Map<string, Part[]>();
    while (!this.take("}")) {
      const selector = this.word();
      this.expect("{");
      options.set(selector, this.message(plural));
      this.expect("}");
    }
    if (!options.has("other")) throw this.error(`${name} has no other`);
    return { name, options, plural };
  }

  private word(): string {
    this.skipSpace();
    const start = this.position;
    while (/[\w=-]/.test(this.peek())) this.position++;
    if (start === this.position) throw this.error("a name is missing");
    const word = this.text.slice(start, this.position);
    this.skipSpace();
    return word;
  }

  private skipSpace(): void {
    while (this.peek() === " " || this.peek() === "\n") this.position++;
  }

  private take(character: string): boolean {
    this.skipSpace();
    if (this.peek() !== character) return false;
    this.position++;
    return true;
  }

  private expect(character: string): void {
    if (this.peek() !== character) throw this.error(`expected ${character}`);
    this.position++;
  }

  private peek(): string {
    return this.text.charAt(this.position);
  }

  private next(): string {
    return this.text.charAt(this.position++);
  }

  private error(problem: string): Error {
    return new Error(`${problem} at ${this.position} in: ${this.text}`);
  }
}

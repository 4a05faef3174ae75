import { Store } from "../../call/store";
import { Sandbox } from "./sandbox";
import { type Answer, largestShown, mostPages, type Part, type Shown, type Why } from "./words";

export interface View {
  /** `lost`: it took too long, and was given up. `offline`: what shows it has not come. */
  readonly failed?: Why | "lost" | "offline";
  /** How many there are; 0 before it is open. */
  readonly pages: number;
  readonly number: number;
  /** The page, which may still be the one before. */
  readonly shown?: Shown;
}

/** What has to be loaded before: the program for this kind of file, and what a document may need besides. */
export interface Library {
  code(type: string): Promise<string>;
  part(part: Part): Promise<ArrayBuffer>;
}

/** A file of the other side while somebody looks at it. */
export class Viewing {
  readonly view = new Store<View>({ pages: 0, number: 1 });
  private sandbox: Sandbox | undefined;
  private closed = false;

  constructor(
    private readonly file: Blob,
    private readonly library: Library,
    private readonly patience?: number,
  ) {
    void this.open().catch(() => {
      this.put({ failed: "offline" });
    });
  }

  get last(): number {
    return Math.min(this.view.value.pages, mostPages);
  }

  /** False where there is no such page. */
  turn(number: number): boolean {
    if (!this.sandbox || number < 1 || number > this.last) return false;
    this.view.set({ ...omit(this.view.value), number });
    this.sandbox.ask({ do: "page", number });
    return true;
  }

  close(): void {
    this.closed = true;
    this.sandbox?.close();
  }

  private async open(): Promise<void> {
    const { size, type } = this.file;
    if (size > largestShown) {
      this.put({ failed: "large" });
      return;
    }
    const [code, bytes] = await Promise.all([this.library.code(type), this.file.arrayBuffer()]);
    if (this.closed) return;
    this.sandbox = new Sandbox(
      code,
      (answer) => {
        this.take(answer);
      },
      () => {
        this.sandbox = undefined;
        this.put({ failed: "lost", pages: 0 });
      },
      this.patience,
    );
    this.sandbox.ask({ do: "open", bytes, type }, [bytes]);
  }

  private take(answer: Answer): void {
    switch (answer.do) {
      case "opened":
        this.put({ pages: answer.pages });
        this.turn(1);
        break;
      case "shown":
        // Whoever turns quickly is not shown what they have passed.
        if (answer.shown.number === this.view.value.number) this.put({ shown: answer.shown });
        break;
      case "form":
      case "filled":
        break; // nobody asks for it here
      case "need":
        void this.fetch(answer.part);
        break;
      case "failed":
        this.put({ failed: answer.why });
        break;
    }
  }

  private async fetch(part: Part): Promise<void> {
    const bytes = await this.library.part(part).catch(() => undefined);
    if (this.closed) return;
    this.sandbox?.ask(bytes ? { do: "part", part, bytes } : { do: "part", part }, bytes ? [bytes] : []);
  }

  private put(now: Partial<View>): void {
    if (!this.closed) this.view.set({ ...this.view.value, ...now });
  }
}

/** A page that has failed says nothing of the next one. */
function omit({ failed: _, ...view }: View): View {
  return view;
}

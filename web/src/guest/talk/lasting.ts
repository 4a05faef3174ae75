/** Tells once something has been so for a while without a break, and when it is so no more. */
export class Lasting {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ms: number,
    private readonly tell: (lasts: boolean) => void,
  ) {}

  take(so: boolean): void {
    if (!so) {
      this.close();
      this.tell(false);
    } else
      this.timer ??= setTimeout(() => {
        this.tell(true);
      }, this.ms);
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

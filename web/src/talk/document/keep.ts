/** Whether the picture of a document is kept after its moment: only if both want it. */
export interface Keep {
  readonly mine?: boolean;
  readonly theirs?: boolean;
  /** This side has asked for it, and may save it once the other one agrees. */
  readonly asked?: boolean;
}

export function agreed({ mine, theirs }: Keep): boolean {
  return mine === true && theirs === true;
}

export function saves(keep: Keep): boolean {
  return agreed(keep) && keep.asked === true;
}

/** This side says what it wants. Who asks while the other has not yet, is who asked; both are where both do so at once. */
export function say(keep: Keep, yes: boolean): Keep {
  return { ...keep, mine: yes, asked: yes && (keep.asked === true || keep.theirs !== true) };
}

/** What the end of the moment is called: with the picture, or without. */
export function endOf(keep: Keep): "document.end" | "document.end.kept" {
  return agreed(keep) ? "document.end.kept" : "document.end";
}

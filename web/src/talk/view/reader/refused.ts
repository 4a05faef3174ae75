import type { Why } from "../words";

export class Refused extends Error {
  constructor(readonly why: Why) {
    super(why);
  }
}

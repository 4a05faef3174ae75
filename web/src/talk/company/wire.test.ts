import { describe, expect, it } from "vitest";
import { address, addressedOf, rosterOf } from "./wire";

const person = { id: "talk-1", name: "Ada Beispiel", role: "interpreter" };

describe("what pages of a talk of several say to each other", () => {
  it("names who is in the talk, each once", () => {
    const message = {
      t: "company",
      do: "here",
      people: [person, { ...person, name: "Somebody else" }],
      apart: true,
    };
    expect(rosterOf(message)).toEqual({ people: [person], apart: true });
  });

  it("says of who sits beside another one that they do, and of nobody else", () => {
    for (const [room, known] of [
      [true, { room: true }],
      [1, {}],
      ["yes", {}],
      [false, {}],
    ])
      expect(rosterOf({ t: "company", do: "here", people: [{ ...person, room }] })?.people).toEqual([
        { ...person, ...(known as object) },
      ]);
  });

  it("is of no use with anything in it that is none of ours", () => {
    const wrong = [
      null,
      1,
      "Ada",
      {},
      { ...person, id: "../x" },
      { ...person, role: "judge" },
      { ...person, name: "x".repeat(201) },
    ];
    for (const one of wrong) expect(rosterOf({ t: "company", do: "here", people: [one] })).toBeUndefined();
    for (const people of [undefined, {}, "all"])
      expect(rosterOf({ t: "company", do: "here", people })).toBeUndefined();
    expect(rosterOf({ t: "company", do: "who", people: [person] })).toBeUndefined();
  });

  it("names eleven at most, however many are sent", () => {
    const people = Array.from({ length: 1_000 }, (_, i) => ({ ...person, id: `talk-${i}` }));
    expect(rosterOf({ t: "company", do: "here", people })?.people.length).toBe(11);
  });

  it("carries a description to whom it is for, and back", () => {
    const addressed = { who: "talk-2", passed: { kind: "offer", round: 7, sdp: "v=0" } } as const;
    expect(addressedOf(address("to", addressed), "to")).toEqual(addressed);
    expect(addressedOf(address("to", addressed), "from")).toBeUndefined();
  });

  it("carries no description that is none", () => {
    const good = { t: "company", do: "from", who: "talk-2", kind: "answer", round: 1, sdp: "v=0" };
    expect(addressedOf(good, "from")).toBeDefined();
    for (const bad of [
      { who: "" },
      { who: 1 },
      { kind: "reset" },
      { round: -1 },
      { round: 1.5 },
      { round: "1" },
      { sdp: 1 },
    ])
      expect(addressedOf({ ...good, ...bad }, "from")).toBeUndefined();
  });
});

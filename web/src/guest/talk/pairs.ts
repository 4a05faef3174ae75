import type { GuestView } from "../../api/types";
import type { Pairs } from "../../talk/company/guests";
import type { Visit } from "../visit";

/** How this guest is connected with the other guests of the talk; the server makes its descriptions ready for their pages. */
export function pairsOf(visit: Visit, { talk, role }: GuestView): Pairs | undefined {
  if (!talk) return undefined;
  return {
    own: talk.id,
    sharp: role === "interpreter",
    describe: (who, round, sdp) => visit.server.asPage("pair", { with: who, round, sdp }),
  };
}

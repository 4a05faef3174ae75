/** What lies over the talk, or beside it. */
export type Panel = "chat" | "more" | "end" | "transfer" | "remove" | "company" | "keys";

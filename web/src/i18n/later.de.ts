import call from "@locales/de/call.json";
import later from "@locales/de/later.json";

export default { ...call, ...later };

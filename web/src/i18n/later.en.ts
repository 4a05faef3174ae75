import call from "@locales/en/call.json";
import later from "@locales/en/later.json";

export default { ...call, ...later };

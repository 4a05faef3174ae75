import call from "@locales/de/call.json";
import later from "@locales/de/later.json";
import survey from "@locales/de/survey.json";

export default { ...call, ...later, ...survey };

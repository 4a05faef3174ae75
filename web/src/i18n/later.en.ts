import call from "@locales/en/call.json";
import later from "@locales/en/later.json";
import survey from "@locales/en/survey.json";

export default { ...call, ...later, ...survey };

import company from "@locales/de/company.json";
import hold from "@locales/de/hold.json";

export default { ...company, ...hold };

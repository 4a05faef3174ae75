import company from "@locales/en/company.json";
import hold from "@locales/en/hold.json";

export default { ...company, ...hold };

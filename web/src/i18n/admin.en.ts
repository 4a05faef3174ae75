import admin from "@locales/en/admin.json";
import audit from "@locales/en/audit.json";
import mistakes from "@locales/en/import.json";

export default { ...admin, ...audit, ...mistakes };

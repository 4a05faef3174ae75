import admin from "@locales/de/admin.json";
import audit from "@locales/de/audit.json";
import mistakes from "@locales/de/import.json";

export default { ...admin, ...audit, ...mistakes };

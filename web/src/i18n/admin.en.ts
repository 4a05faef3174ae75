import admin from "@locales/en/admin.json";
import mistakes from "@locales/en/import.json";

export default { ...admin, ...mistakes };

import admin from "@locales/de/admin.json";
import mistakes from "@locales/de/import.json";

export default { ...admin, ...mistakes };

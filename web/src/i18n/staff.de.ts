import call from "@locales/de/call.json";
import common from "@locales/de/common.json";
import errors from "@locales/de/errors.json";
import staff from "@locales/de/staff.json";

export default { ...common, ...errors, ...staff, ...call };

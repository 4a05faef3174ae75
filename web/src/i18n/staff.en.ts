import call from "@locales/en/call.json";
import common from "@locales/en/common.json";
import errors from "@locales/en/errors.json";
import staff from "@locales/en/staff.json";

export default { ...common, ...errors, ...staff, ...call };

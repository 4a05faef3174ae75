import call from "@locales/en/call.json";
import common from "@locales/en/common.json";
import guest from "@locales/en/guest.json";
import test from "@locales/en/test.json";

export default { ...common, ...guest, ...test, ...call };

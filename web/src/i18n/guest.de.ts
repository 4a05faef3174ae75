import call from "@locales/de/call.json";
import common from "@locales/de/common.json";
import guest from "@locales/de/guest.json";
import test from "@locales/de/test.json";

export default { ...common, ...guest, ...test, ...call };

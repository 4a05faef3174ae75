import common from "@locales/de/common.json";
import guest from "@locales/de/guest.json";

export default { ...common, ...guest };

import common from "@locales/en/common.json";
import guest from "@locales/en/guest.json";

export default { ...common, ...guest };

export { default } from "@locales/en/account.json";

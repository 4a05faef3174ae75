export { default } from "@locales/de/account.json";

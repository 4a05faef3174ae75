import "../ui/kern.scss";
import "../ui/forms.scss";
import "../ui/more.scss";
import "../ui/base.scss";
import { mount } from "svelte";
import { chooseLanguage } from "../i18n/languages";
import { loadStaff, type StaffKey } from "../i18n/staff";
import { Texts } from "../ui";
import App from "./App.svelte";
import { devicePath } from "./passwordLink";
import { keptLanguage, onLanguageElsewhere } from "./language";
import { Session } from "./session";
import { takeArrival } from "./ways";

async function start(): Promise<void> {
  const target = document.getElementById("app");
  if (!target) throw new Error("no place for the page");
  const session = new Session();
  const language = keptLanguage() ?? chooseLanguage(navigator.languages);
  if (location.pathname !== devicePath) void session.open(language, takeArrival());
  const texts = await Texts.open<StaffKey>(loadStaff, language);
  onLanguageElsewhere((chosen) => void texts.change(chosen));
  target.replaceChildren();
  mount(App, { target, props: { texts, session } });
}

void start();

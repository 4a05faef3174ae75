import { mount } from "svelte";
import { chooseLanguage } from "../i18n/languages";
import { loadGuest } from "../i18n/guest";
import { Texts } from "../ui";
import App from "./App.svelte";

async function start(): Promise<void> {
  const target = document.getElementById("app");
  if (!target) throw new Error("the page has no place for the application");
  const texts = await Texts.open(loadGuest, chooseLanguage(navigator.languages));
  target.replaceChildren();
  mount(App, { target, props: { texts } });
}

void start();

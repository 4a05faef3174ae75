import "../ui/kern.scss";
import "../ui/base.scss";
import { mount } from "svelte";
import { chooseLanguage } from "../i18n/languages";
import { type GuestKey, loadGuest } from "../i18n/guest";
import { Texts } from "../ui";
import App from "./App.svelte";
import { routeOf } from "./link";
import { Visit } from "./visit";

async function start(): Promise<void> {
  const target = document.getElementById("app");
  if (!target) throw new Error("no place for the page");
  const route = routeOf(location.pathname);
  // The question to the server and the texts travel side by side.
  const visit = route.page === "visit" ? new Visit(route.agency) : undefined;
  void visit?.open();
  const texts = await Texts.open<GuestKey>(loadGuest, chooseLanguage(navigator.languages));
  target.replaceChildren();
  mount(App, { target, props: { texts, route: route.page, visit } });
}

void start();

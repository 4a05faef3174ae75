import "../ui/kern.scss";
import "../ui/forms.scss";
import "../ui/more.scss";
import "../ui/base.scss";
import { mount } from "svelte";
import { type GuestKey, loadGuest } from "../i18n/guest";
import { chooseLanguage } from "../i18n/languages";
import { Texts } from "../ui";
import Gallery from "./Gallery.svelte";

const target = document.getElementById("app");
if (target)
  mount(Gallery, { target, props: { texts: await Texts.open<GuestKey>(loadGuest, chooseLanguage(["de"])) } });

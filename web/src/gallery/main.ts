import { mount } from "svelte";
import { loadGuest } from "../i18n/guest";
import { chooseLanguage } from "../i18n/languages";
import { Texts } from "../ui";
import "../ui/more.scss";
import Gallery from "./Gallery.svelte";

const target = document.getElementById("app");
if (target) mount(Gallery, { target, props: { texts: await Texts.open(loadGuest, chooseLanguage(["de"])) } });

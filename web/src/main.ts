import { mount } from "svelte";
import "./style/tokens.css";
import "./style/base.css";
import "./style/print.css";
import App from "./App.svelte";
import { applyAppearance } from "./app/appearance.svelte";

applyAppearance();
const target = document.getElementById("app");
if (target) mount(App, { target });

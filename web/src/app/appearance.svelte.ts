/** Theme and density: the only two things that this browser keeps. They say nothing about anybody. */

export type Theme = "auto" | "light" | "dark";
export type Density = "compact" | "normal" | "roomy";

const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const DENSITIES: readonly Density[] = ["compact", "normal", "roomy"];

function kept<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
  try {
    return allowed.find((one) => one === localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise; // storage is switched off
  }
}

function keep(name: string, value: string) {
  try {
    localStorage.setItem(name, value);
  } catch {
    /* it holds for this visit */
  }
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

class Appearance {
  theme = $state<Theme>(kept("theme", THEMES, "auto"));
  density = $state<Density>(kept("density", DENSITIES, "normal"));
  systemIsDark = $state(prefersDark.matches);
  isDark = $derived(this.theme === "dark" || (this.theme === "auto" && this.systemIsDark));

  choose(theme: Theme) {
    this.theme = theme;
    keep("theme", theme);
    applyAppearance();
  }

  space(density: Density) {
    this.density = density;
    keep("density", density);
    applyAppearance();
  }
}

export const appearance = new Appearance();

export function applyAppearance() {
  const root = document.documentElement;
  root.dataset["theme"] = appearance.isDark ? "dark" : "light";
  root.dataset["density"] = appearance.density;
}

prefersDark.addEventListener("change", (change) => {
  appearance.systemIsDark = change.matches;
  applyAppearance();
});

/** Calls `again` when the page's colours change, by its own toggle or with the system's; answers with what ends that. */
export function whenThemeChanges(again) {
  const page = new MutationObserver(again);
  page.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", again);
  return () => {
    page.disconnect();
    system.removeEventListener("change", again);
  };
}

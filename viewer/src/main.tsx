/** What a browser runs first: it asks for everything that is known to be needed, then fetches the interface itself. */
import { begin } from "./core/ahead";
import { follow } from "./core/route";
import "./styles/index.css";

follow();
begin();
import("./app").catch(() => {
  const root = document.getElementById("app");
  if (root) root.textContent = "qtems did not load: reload the page. qtems 未能加载，请刷新页面。";
});

"use strict";
// A menu of boxes closes as menus do: by Escape, or by a click elsewhere. Without this it closes by its own title.
const menus = () => document.querySelectorAll("details.many[open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// The value of a chart's month, by pointer, finger and keyboard: without this file, browsers show it under the pointer.
"use strict";
for (const plot of document.querySelectorAll(".plot")) {
  const months = plot.querySelectorAll(".reading");
  if (!months.length) continue;
  const said = plot.appendChild(document.createElement("p"));
  said.className = "said";
  plot.tabIndex = 0;
  plot.setAttribute("role", "slider");
  plot.setAttribute("aria-label", plot.dataset.label);
  plot.setAttribute("aria-valuemin", 1);
  plot.setAttribute("aria-valuemax", months.length);
  let at = months.length - 1;
  const show = (to) => {
    months[at].classList.remove("now");
    at = Math.min(Math.max(to, 0), months.length - 1);
    months[at].classList.add("now");
    said.textContent = months[at].dataset.said;
    plot.setAttribute("aria-valuenow", at + 1);
    plot.setAttribute("aria-valuetext", months[at].dataset.said);
  };
  months.forEach((month, n) => {
    // The tooltip of the browser would cover what is told below the chart.
    const title = month.querySelector("title");
    month.dataset.said = title.textContent;
    title.remove();
    month.addEventListener("pointerenter", () => show(n));
    month.addEventListener("click", () => show(n));
  });
  const keys = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -12, PageUp: 12 };
  plot.addEventListener("keydown", (event) => {
    const ends = { Home: 0, End: months.length - 1 };
    if (event.key in keys) show(at + keys[event.key]);
    else if (event.key in ends) show(ends[event.key]);
    else return;
    event.preventDefault();
  });
  show(at);
}

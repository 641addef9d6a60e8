// What is typed into a form of answers stays in this tab until it is saved: a session may end meanwhile.
"use strict";

const PREFIX = "draft ";

function keyOf(form) {
  return PREFIX + form.dataset.draft;
}

function fieldsOf(form) {
  return [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.type !== "submit");
}

function keep(form) {
  const values = fieldsOf(form)
    .filter((field) => field.type !== "radio" || field.checked)
    .map((field) => [field.name, field.value]);
  sessionStorage.setItem(keyOf(form), JSON.stringify(values));
}

function restore(form) {
  const kept = sessionStorage.getItem(keyOf(form));
  if (kept === null) return;
  const values = Object.fromEntries(JSON.parse(kept));
  for (const field of fieldsOf(form)) {
    if (!(field.name in values)) continue;
    if (field.type === "radio") field.checked = field.value === values[field.name];
    else field.value = values[field.name];
  }
  form.querySelector(".draft").hidden = false;
}

for (const saved of document.querySelectorAll("[data-saved]")) {
  sessionStorage.removeItem(PREFIX + saved.dataset.saved);
  // What is typed from now on is another draft: to load the page again must not throw it away.
  const address = new URL(location.href);
  address.searchParams.delete("said");
  history.replaceState(history.state, "", address);
}
for (const form of document.querySelectorAll("form[data-draft]")) {
  restore(form);
  form.addEventListener("input", () => keep(form));
}

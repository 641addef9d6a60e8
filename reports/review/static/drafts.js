// What is typed into a form of answers stays in this tab until it is saved: a session may end meanwhile.
"use strict";

const PREFIX = "draft ";

function keyOf(form) {
  return PREFIX + form.dataset.draft;
}

function fieldsOf(form) {
  return [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.type !== "submit");
}

function isTicked(field) {
  return field.type === "radio" || field.type === "checkbox";
}

function keep(form) {
  const values = fieldsOf(form)
    .filter((field) => !isTicked(field) || field.checked)
    .map((field) => [field.name, field.value]);
  sessionStorage.setItem(keyOf(form), JSON.stringify(values));
}

function restore(form) {
  const kept = sessionStorage.getItem(keyOf(form));
  if (kept === null) return;
  const values = JSON.parse(kept);
  for (const field of fieldsOf(form)) {
    const given = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (isTicked(field)) field.checked = given.includes(field.value);
    else if (given.length) field.value = given[0];
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

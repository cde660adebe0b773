// A notebook's parameters as a form: Python judges each text when it changes.
import { h } from "./dom.js";
import { fill, panel } from "./panel.js";

function render({ model, el }) {
  const { body, ask, on, close } = panel(model, el, `Run ${model.get("title")}`);
  const fields = h("div.fl-fields");
  const go = h("button.fl-button.fl-main", { type: "submit" }, "Run");
  const reset = h("button.fl-button", { onclick: () => ask("reset") }, "Defaults");
  const bar = h("progress", { "aria-label": "Cells run" });
  const said = h("span.fl-grow.fl-clip", { role: "status" });
  const form = h("form", { noValidate: true }, h("h2.fl-form-title", model.get("title")), fields,
    h("div.fl-row.fl-go", go, reset, bar, said));
  const run = (event) => {
    event.preventDefault();
    if (!model.get("running")) ask("run");
  };
  form.addEventListener("submit", run);
  // JupyterLab keeps Enter from submitting forms.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.target.type === "checkbox") return;
    event.target.dispatchEvent(new Event("change"));
    run(event);
  });

  const made = new Map();
  const make = (field) => {
    const id = `fl-${Math.random().toString(36).slice(2)}`;
    const tell = (text) => ask("set", { name: field.name, text });
    let input;
    if (field.kind === "choice") {
      input = h("select.fl-field", { onchange: () => tell(input.value) }, field.choices.map((one) => h("option", { value: one }, one || "none")));
    } else if (field.kind === "bool") {
      input = h("input", { type: "checkbox", onchange: () => tell(String(input.checked)) });
    } else {
      const mode = { int: "numeric", float: "decimal" }[field.kind];
      input = h("input.fl-field", { type: "text", spellcheck: false, placeholder: field.default, onchange: () => tell(input.value) });
      if (mode) input.inputMode = mode;
    }
    input.id = id;
    input.setAttribute("aria-describedby", `${id}-help`);
    const error = h("span.fl-wrong");
    const row = h("div.fl-one", h("label", { htmlFor: id }, field.name),
      h("div.fl-row", input, field.unit ? h("span.fl-soft", field.unit) : null),
      h("p.fl-soft.fl-help", { id: `${id}-help` }, error, field.help));
    return { row, input, error };
  };
  const show = () => {
    const all = model.get("fields");
    for (const field of all) {
      if (!made.has(field.name)) made.set(field.name, make(field));
      const { row, input, error } = made.get(field.name);
      if (input.type === "checkbox") input.checked = field.text === "true";
      else if (document.activeElement !== input || input.tagName === "SELECT") input.value = field.text;
      input.setAttribute("aria-invalid", String(Boolean(field.error)));
      error.textContent = field.error;
      row.classList.toggle("fl-bad", Boolean(field.error));
    }
    if (!fields.childElementCount) fill(fields, all.map(({ name }) => made.get(name).row));
    go.disabled = model.get("running");
  };
  const showProgress = () => {
    const { said: text, done, total } = model.get("progress");
    said.textContent = text;
    said.title = text;
    bar.hidden = !model.get("running") && !total;
    if (total) Object.assign(bar, { max: total, value: done });
    else bar.removeAttribute("value");
    show();
  };
  on("change:fields", show);
  on("change:running", showProgress);
  on("change:progress", showProgress);
  fill(body, form);
  showProgress();
  return close;
}

export default { render };

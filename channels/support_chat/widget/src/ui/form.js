// The questions before the first message.

import { h, set } from "../dom.js";

const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;
const KNOWN = { email: ["email", "email_label"], name: ["name", "name_label"] };

export class QuestionForm {
  constructor({ chat, words }) {
    this._chat = chat;
    this._t = words;
    this._fields = new Map();
    this._shape = "";
    this.node = h("div", { class: "form", hidden: true });
  }

  /** Show the questions that are still to be asked, keeping what was typed. */
  render() {
    const questions = this._chat.questions;
    const shape = JSON.stringify(questions);
    if (shape !== this._shape) {
      this._shape = shape;
      this._fields = new Map(questions.map((it, at) => [it.name, this._field(it, at)]));
      this.node.replaceChildren(...[...this._fields.values()].map((it) => it.node));
      this.node.hidden = questions.length === 0;
    }
    const errors = this._chat.formErrors;
    if (errors !== this._errors) {
      this._errors = errors;
      for (const [name, field] of this._fields) {
        const told = errors[name] || errors[`answers.${name}`];
        if (told) this._complain(field, told[0]);
      }
      const first = this.firstWrong();
      if (first) first.focus();
    }
  }

  firstField() {
    const field = this._fields.values().next().value;
    return field ? field.input : null;
  }

  firstWrong() {
    const wrong = [...this._fields.values()].find((it) => !it.error.hidden);
    return wrong ? wrong.input : null;
  }

  /** Return what `start` takes, or null, with the errors shown and the first of them focused. */
  read() {
    for (const field of this._fields.values()) this._complain(field, this._mistake(field));
    const wrong = this.firstWrong();
    if (wrong) {
      wrong.focus();
      return null;
    }
    const form = {};
    for (const [name, { question, input }] of this._fields) {
      const value = question.type === "checkbox" ? input.checked : input.value.trim();
      if (value === "") continue;
      if (name in KNOWN) form[name] = value;
      else form.answers = { ...form.answers, [name]: value };
    }
    return form;
  }

  _mistake({ question, input }) {
    const empty = question.type === "checkbox" ? !input.checked : !input.value.trim();
    if (empty) return question.required ? this._t("required") : "";
    return question.type === "email" && !EMAIL.test(input.value.trim()) ? this._t("invalid_email") : "";
  }

  _complain({ input, error }, text) {
    error.textContent = text;
    error.hidden = !text;
    set(input, "aria-invalid", text ? "true" : null);
  }

  _field(question, at) {
    const id = `question-${at}`;
    const label = question.label || this._t((KNOWN[question.name] || [])[1] || "message");
    const input = this._input(question, id);
    const error = h("p", { class: "wrong", id: `${id}-error`, hidden: true });
    const field = { question, input, error };
    input.addEventListener(question.type === "select" || question.type === "checkbox" ? "change" : "input", () => {
      this._complain(field, "");
      const value = question.type === "checkbox" ? input.checked : input.value;
      this._chat.profile = { ...this._chat.profile, [question.name]: value };
    });
    const optional = question.required ? null : h("small", {}, ` (${this._t("optional")})`);
    const told = h("label", { for: id }, h("bdi", {}, label), optional);
    const parts = question.type === "checkbox" ? [input, told] : [told, input];
    field.node = h("div", { class: question.type === "checkbox" ? "field check" : "field" }, ...parts, error);
    return field;
  }

  _input(question, id) {
    const shared = {
      id,
      name: question.name,
      "aria-required": question.required ? "true" : null,
      "aria-describedby": `${id}-error`,
      autocomplete: (KNOWN[question.name] || [])[0] || "off",
    };
    const kept = this._chat.profile[question.name];
    if (question.type === "select") {
      const options = (question.options || []).map((it) => h("option", { value: it }, it));
      const input = h("select", shared, h("option", { value: "" }, this._t("choose")), ...options);
      if (kept) input.value = kept;
      return input;
    }
    if (question.type === "checkbox") {
      const input = h("input", { ...shared, type: "checkbox" });
      input.checked = kept === true;
      return input;
    }
    const input = question.type === "textarea"
      ? h("textarea", { ...shared, rows: "3", dir: "auto" })
      : h("input", { ...shared, type: question.type === "email" ? "email" : "text", dir: question.type === "email" ? "ltr" : "auto" });
    input.value = typeof kept === "string" ? kept : "";
    return input;
  }
}

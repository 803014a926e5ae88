// The style sheet, in the order in which its parts give way to each other.

import base from "./base.css";
import launcher from "./launcher.css";
import window from "./window.css";
import messages from "./messages.css";
import form from "./form.css";
import composer from "./composer.css";
import preferences from "./preferences.css";

export default [base, launcher, window, messages, form, composer, preferences].join("\n");

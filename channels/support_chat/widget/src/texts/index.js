import ar from "./ar.js";
import de from "./de.js";
import en from "./en.js";
import es from "./es.js";
import fr from "./fr.js";
import he from "./he.js";
import it from "./it.js";
import nl from "./nl.js";
import pl from "./pl.js";
import pt from "./pt.js";

const SHIPPED = { ar, de, en, es, fr, he, it, nl, pl, pt };
const RIGHT_TO_LEFT = new Set(["ar", "arc", "dv", "fa", "ha", "he", "ks", "ku", "ps", "sd", "ur", "yi"]);

/** "PT_br" is "pt-BR"; what is no language tag is null. */
function canonical(tag) {
  try {
    return Intl.getCanonicalLocales(String(tag || "").replace(/_/g, "-"))[0] || null;
  } catch {
    return null;
  }
}

const base = (tag) => tag.split("-")[0];

/** The texts that the widget's configuration has for a language: of the tag itself before its language. */
function given(texts, tag) {
  const found = {};
  if (!texts || typeof texts !== "object") return found;
  for (const wanted of [base(tag), tag]) {
    for (const [name, own] of Object.entries(texts)) {
      if (canonical(name) === wanted && own && typeof own === "object") Object.assign(found, own);
    }
  }
  return found;
}

/** Choose a language: the first of `wanted` that we or the widget's own texts know, else English. */
export function chooseTexts(wanted, own) {
  const known = new Set([...Object.keys(SHIPPED), ...Object.keys(own || {}).map((it) => base(canonical(it) || ""))]);
  const tag = wanted.map(canonical).find((it) => it && known.has(base(it))) || "en";
  // "en" of the page and "en-GB" of the visitor: their dates are British.
  const regional = wanted.map(canonical).find((it) => it && it !== base(it) && base(it) === base(tag));
  const strings = { ...SHIPPED.en, ...SHIPPED[base(tag)], ...given(own, tag) };
  return {
    tag,
    region: regional || tag,
    direction: RIGHT_TO_LEFT.has(base(tag)) ? "rtl" : "ltr",
    /** The text of that name with `{n}` and the like filled in. */
    t: (name, values = {}) =>
      String(strings[name]).replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole)),
  };
}

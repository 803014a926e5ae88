// The widget's colour, and the text that can be read on it (WCAG 2.2, relative luminance).

const HEX = /^#([0-9a-f]{6}|[0-9a-f]{3})$/i;
export const FALLBACK = "#1f5fd0";

function channels(color) {
  const digits = color.slice(1);
  const full = digits.length === 3 ? [...digits].map((it) => it + it).join("") : digits;
  return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16));
}

export function luminance(color) {
  const [r, g, b] = channels(color).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours, from 1 to 21. */
function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const isColor = (given) => typeof given === "string" && HEX.test(given);

/** Return {accent, on}: the widget's colours, or ours; text that could not be read is black or white instead. */
export function palette(color, text) {
  const accent = isColor(color) ? color : FALLBACK;
  const wanted = isColor(text) ? text : "#ffffff";
  if (contrast(accent, wanted) >= 4.5) return { accent, on: wanted };
  return { accent, on: contrast(accent, "#ffffff") >= contrast(accent, "#000000") ? "#ffffff" : "#000000" };
}

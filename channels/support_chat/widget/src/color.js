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

/** Return {accent, on}: the colour, or ours where it is none, and black or white, whichever contrasts more. */
export function palette(given) {
  const accent = typeof given === "string" && HEX.test(given.trim()) ? given.trim() : FALLBACK;
  const light = luminance(accent);
  const white = 1.05 / (light + 0.05);
  const black = (light + 0.05) / 0.05;
  // White looks right on a saturated colour, so it stays wherever it reads well enough.
  return { accent, on: white >= 4.5 || white >= black ? "#fff" : "#000" };
}

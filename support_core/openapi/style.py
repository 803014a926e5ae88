"""The page's style sheet."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --text: #1c2024; --soft: #565d66; --back: #fff; --card: #f6f7f9;
  --line: #d9dde3; --link: #0b57b8; --focus: #b35900; --mark: #fff4d6;
  --get: #0b5d2c; --post: #0b4f9e; --put: #7a4600; --delete: #a11616; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e8eb; --soft: #a5adb8; --back: #14171b; --card: #1d2126; --line: #353b44;
    --link: #85b8ff; --focus: #ffb454; --mark: #3a3115;
    --get: #7bd89a; --post: #8ebcff; --put: #f0b866; --delete: #ff9a9a; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 82rem; padding: 0 1.25rem 4rem; background: var(--back);
  color: var(--text); font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: -99rem; padding: .5rem 1rem; background: var(--back); }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; }
header { padding: 1.5rem 0 1rem; border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
header p { margin: .25rem 0 0; color: var(--soft); }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.4rem; line-height: 1.25; }
h3 { margin: 0 0 .5rem; font-size: 1.1rem; line-height: 1.3; overflow-wrap: anywhere; }
h4 { margin: 1.25rem 0 .4rem; font-size: .95rem; color: var(--soft); }
p { margin: 0 0 .75rem; }
section > p { max-width: 46rem; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace;
  font-size: .875em; }
code { overflow-wrap: anywhere; }
pre { margin: 0; padding: .75rem 1rem; overflow-x: auto; background: var(--back);
  border: 1px solid var(--line); border-radius: 6px; }
pre code { font-size: .875rem; overflow-wrap: normal; }
nav { font-size: .9rem; }
nav summary { padding: .6rem 0; font-weight: 600; cursor: pointer; }
nav p { margin: .8rem 0 .2rem; font-weight: 600; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav a { display: block; padding: .15rem 0; text-decoration: none; }
nav li a { color: var(--text); }
nav a:hover { text-decoration: underline; }
article { margin: 1.25rem 0; padding: 1.1rem 1.25rem 1.25rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; }
article:target { border-color: var(--focus); box-shadow: 0 0 0 1px var(--focus); }
div:target { background: var(--mark); }
.line { font-size: 1.05rem; }
.method { font: 700 .8rem/1 ui-monospace, Menlo, "DejaVu Sans Mono", monospace;
  padding: .25rem .45rem; border: 1.5px solid; border-radius: 4px; }
.get { color: var(--get); }
.post { color: var(--post); }
.put, .patch { color: var(--put); }
.delete { color: var(--delete); }
dl { margin: 0; }
dd { margin: 0; min-width: 0; }
dd p { margin: .15rem 0 0; }
.gates { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-bottom: .75rem; }
.gates div { display: flex; gap: .4rem; }
.gates dt { color: var(--soft); }
.fields > div, .answers > div { display: grid; grid-template-columns: minmax(0, 16rem) 1fr;
  gap: .1rem 1.25rem; padding: .4rem 0; border-top: 1px solid var(--line); }
.answers > div { grid-template-columns: 3.5rem 1fr; }
.answers .fields > div { grid-template-columns: minmax(0, 12.5rem) 1fr; }
.answers .fields { margin-top: .25rem; }
.answers .fields > div:first-child { border-top: 0; }
dt b { font-size: .78rem; font-weight: 600; color: var(--delete); }
dt span { color: var(--soft); font-size: .85rem; }
.choice { white-space: nowrap; }
.errors { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin: 0; padding: 0;
  list-style: none; font-size: .9rem; }
.fields dd p { color: var(--soft); }
@media (min-width: 60rem) {
  .columns { display: grid; grid-template-columns: 16rem minmax(0, 1fr); gap: 2.5rem; }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto;
    padding: 1rem .5rem 2rem 3px; }
}
@media (max-width: 40rem) {
  body { padding: 0 .9rem 3rem; }
  article { padding: .9rem .8rem 1rem; }
  .fields > div, .answers .fields > div { grid-template-columns: minmax(0, 1fr); }
  .answers > div { grid-template-columns: minmax(0, 1fr); }
  nav ul { display: none; }
  nav details { display: flex; flex-wrap: wrap; }
  nav p { display: inline-block; margin: 0 1.25rem 0 0; }
  nav a { padding: .45rem 0; }
}
@media print { nav, .skip { display: none; } .columns { display: block; } }
"""

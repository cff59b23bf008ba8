"""How the page at `/docs` looks."""

STYLE = """
:root { --ink: #1d2330; --pale: #667085; --line: #e4e7ec; --back: #f7f8fa; --card: #fff; --code: #f2f4f7;
  --get: #175cd3; --post: #067647; --delete: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --pale: #98a2b3; --line: #2b3240; --back: #12161f;
  --card: #1a202c; --code: #232b39; --get: #84adff; --post: #75e0a7; --delete: #fda29b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.55 system-ui, sans-serif; }
header, main { max-width: 920px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 36px; }
h1 { margin: 0; font-size: 30px; }
h1 small { font-size: 14px; font-weight: 500; color: var(--pale); vertical-align: middle; }
.lead { font-size: 17px; color: var(--pale); margin: 4px 0 12px; }
nav { display: flex; flex-wrap: wrap; gap: 8px; margin: 20px 0 24px; }
nav a { padding: 4px 10px; border: 1px solid var(--line); border-radius: 6px; background: var(--card);
  color: inherit; text-decoration: none; font: 13px ui-monospace, monospace; }
nav a:hover { border-color: var(--pale); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px 24px;
  margin-bottom: 20px; }
h2 { display: flex; flex-wrap: wrap; align-items: baseline; gap: 10px; margin: 0 0 6px; font-size: 18px; }
h2 code { background: none; padding: 0; font-size: 18px; }
h2 span { font-weight: 400; font-size: 15px; color: var(--pale); }
h3 { margin: 18px 0 6px; font-size: 12px; letter-spacing: .06em; text-transform: uppercase; color: var(--pale); }
p { margin: 6px 0; }
b.get { color: var(--get); } b.post, b.good { color: var(--post); } b.delete, b.bad { color: var(--delete); }
h2 b { font: 700 14px ui-monospace, monospace; }
table { width: 100%; border-collapse: collapse; }
td { padding: 7px 12px 7px 0; border-top: 1px solid var(--line); vertical-align: top; }
td:first-child { width: 38%; overflow-wrap: anywhere; }
td:first-child:has(b) { width: 64px; }
td small { display: block; color: var(--pale); font-size: 12.5px; }
code { font: 13px ui-monospace, monospace; background: var(--code); border-radius: 4px; padding: 1px 5px; }
pre { background: var(--code); border-radius: 8px; padding: 12px 14px; overflow-x: auto; margin: 10px 0 0;
  font: 12.5px/1.5 ui-monospace, monospace; }
details { margin-top: 10px; }
summary { cursor: pointer; color: var(--get); }
details table { margin-top: 8px; }
"""

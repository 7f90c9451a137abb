/** What one of the web server's own pages says. */
export interface Page {
  title: string;
  /** What happened and what it means, for a visitor. */
  text: string;
  /** What the owner of the site can do. */
  owner: string;
  /** Colour of the mark above the title: one of the two in the style. */
  mood: 'calm' | 'busy';
}

/** The pages that the web server shows by itself, by file name. */
export const PAGES = {
  suspended: {
    title: 'This site is suspended',
    text: 'It is switched off for now (its account is suspended). Nothing was deleted, and it can come back at any time.',
    owner: 'Is this your site? Sign in to your control panel, it tells you why and what to do.',
    mood: 'calm',
  },
  stopped: {
    title: 'This site is switched off',
    text: 'Its owner stopped it for the moment. Please come back later.',
    owner: 'Is this your site? Press Start on its page in your control panel.',
    mood: 'calm',
  },
  'no-site': {
    title: 'There is no site at this address',
    text: 'The address may be misspelled, or the site has moved or was never set up here.',
    owner: 'Have you just added this domain? It works as soon as it is listed under Domains in your control panel.',
    mood: 'calm',
  },
  restarting: {
    title: 'This site is starting again',
    text: 'It did not answer just now. Most of the time it is back within a minute: please try again shortly.',
    owner: 'Is this your site? Its log in your control panel tells what happened.',
    mood: 'busy',
  },
} as const satisfies Record<string, Page>;

const STYLE = `
:root{color-scheme:light dark;--page:#f6f8fb;--card:#fff;--ink:#1f2937;--soft:#5b6675;--line:#dfe5ec;--calm:#4a7fb5;--busy:#c27c1a}
@media (prefers-color-scheme:dark){:root{--page:#11161d;--card:#1a212b;--ink:#e6ebf2;--soft:#9aa7b6;--line:#2b3542;--calm:#7fb0e0;--busy:#e3a951}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;background:var(--page);color:var(--ink);
font:17px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:34rem;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:40px 32px}
svg{display:block;width:40px;height:40px;margin-bottom:16px}
h1{margin:0 0 8px;font-size:1.5rem;line-height:1.25}
p{margin:0}
p+p{margin-top:24px;padding-top:16px;border-top:1px solid var(--line);color:var(--soft);font-size:.9375rem}
.calm{color:var(--calm)}.busy{color:var(--busy)}`;

const MARK: Record<Page['mood'], string> = {
  calm: '<circle cx="12" cy="12" r="9"/><path d="M10 9v6M14 9v6"/>',
  busy: '<path d="M20 11a8 8 0 1 0-2 6"/><path d="M20 5v6h-6"/>',
};

/** The page as one self-contained file, light or dark as the visitor prefers. Pure; the words are Berth's own. */
export function pageText({ title, text, owner, mood }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}
</style>
</head>
<body>
<main>
<svg class="${mood}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${MARK[mood]}</svg>
<h1>${title}</h1>
<p>${text}</p>
<p>${owner}</p>
</main>
</body>
</html>
`;
}

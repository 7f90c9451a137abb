// Runs before the page is drawn, so that the chosen colours are there from the first frame.
(() => {
  const root = document.documentElement;
  let choice = root.dataset.choice;
  try {
    choice = localStorage.getItem('berth-theme') || choice;
  } catch {
    // A browser may forbid storage; the cookie has told the server already.
  }
  const dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.choice = choice || 'auto';
  root.dataset.bsTheme = dark ? 'dark' : 'light';
  root.classList.add('js');
})();

// Runs before the page is drawn, so that the chosen colours are there from the first frame.
(() => {
  const root = document.documentElement;
  let choice = root.dataset.choice;
  try {
    choice = localStorage.getItem('berth-theme') || choice;
  } catch {
    // A browser may forbid storage; the cookie has told the server already.
  }
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const paint = () => {
    const { choice } = root.dataset;
    const dark = choice === 'dark' || (choice !== 'light' && prefersDark.matches);
    root.dataset.bsTheme = dark ? 'dark' : 'light';
  };
  root.dataset.choice = choice || 'auto';
  root.classList.add('js');
  paint();
  // Many machines turn dark in the evening; the page turns with them.
  prefersDark.addEventListener('change', () => {
    paint();
    document.dispatchEvent(new CustomEvent('berth:theme'));
  });
})();

// "What will be made" follows the form while it is filled in. Without this, the Preview button does the same.
const form = document.querySelector('form[data-preview]');
const target = document.getElementById('preview');
let timer = 0;
let last = null;

async function refresh() {
  last?.abort();
  last = new AbortController();
  try {
    const answer = await fetch(form.dataset.preview, {
      method: 'POST',
      body: new URLSearchParams(new FormData(form)),
      headers: { 'X-Berth-Part': 'preview' },
      signal: last.signal,
    });
    if (answer.redirected || answer.status >= 500) throw new Error(String(answer.status));
    // Our own escaped view, from our own origin.
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    target.replaceChildren(...page.body.childNodes);
  } catch (error) {
    if (error.name === 'AbortError') return;
    const line = document.createElement('p');
    line.textContent = 'The panel did not answer, so the list may be out of date. You can go on all the same.';
    target.replaceChildren(line);
  }
}

form?.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, 400);
});

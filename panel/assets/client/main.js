// What every page has: theme, menus, copy, local times, search key. All of it is extra; forms work without.
import { settle } from './clock.js';

const on = (type, work, options) => document.addEventListener(type, work, options);

function pickTheme(choice) {
  const root = document.documentElement;
  const dark = choice === 'dark' || (choice === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.choice = choice;
  root.dataset.bsTheme = dark ? 'dark' : 'light';
  document.cookie = `berth-theme=${choice}; path=/; max-age=31536000; samesite=lax${location.protocol === 'https:' ? '; secure' : ''}`;
  try {
    localStorage.setItem('berth-theme', choice);
  } catch {
    // The cookie is enough.
  }
  document.dispatchEvent(new CustomEvent('berth:theme'));
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  const words = button.querySelector('span') ?? button;
  const before = words.dataset.before ?? words.textContent;
  words.dataset.before = before;
  try {
    await navigator.clipboard.writeText(field.value ?? field.textContent);
    words.textContent = 'Copied';
  } catch {
    field.type = 'text';
    field.select();
    words.textContent = 'Press ⌘C';
  }
  setTimeout(() => {
    words.textContent = before;
  }, 2000);
}

function reveal(button) {
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === 'text';
  field.type = shown ? 'password' : 'text';
  button.textContent = shown ? 'Show' : 'Hide';
  button.setAttribute('aria-pressed', String(!shown));
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll('details.drop[open]')) if (menu !== except) menu.open = false;
}

on('click', event => {
  const target = event.target instanceof Element ? event.target : null;
  closeMenus(target?.closest('details.drop'));
  const button = target?.closest('button');
  if (!button) return;
  if (button.dataset.copy) copy(button);
  if (button.dataset.reveal) reveal(button);
  if ('themeSwitch' in button.dataset) {
    event.preventDefault();
    pickTheme(document.documentElement.dataset.bsTheme === 'dark' ? 'light' : 'dark');
  }
});

on('change', event => {
  const field = event.target;
  if (field.dataset?.themePick) pickTheme(field.dataset.themePick);
  if (field.dataset && 'submitOnChange' in field.dataset) field.form.requestSubmit();
});

on('input', event => {
  const field = event.target;
  const name = field.dataset?.mustEqual;
  if (name) field.setCustomValidity(field.value === '' || field.value === name ? '' : `Type ${name} exactly as it is written above.`);
});

on('keydown', event => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
    const field = document.getElementById('jump');
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
  if (event.key === 'Escape') {
    const menu = document.querySelector('details.drop[open]');
    closeMenus(null);
    menu?.querySelector('summary').focus();
  }
});

// A form that was sent is not sent again by a second press; coming back to the page lets it go.
on('submit', event => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = '1';
  for (const button of form.querySelectorAll('button[type="submit"]')) button.setAttribute('aria-busy', 'true');
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});

if (!/Mac|iPhone|iPad/.test(navigator.platform)) for (const key of document.querySelectorAll('.search kbd')) key.textContent = 'Ctrl K';
document.querySelector('[role="alert"][tabindex]')?.focus({ preventScroll: false });
settle(document);
setInterval(() => settle(document), 30_000);

// The colour theme: that of the system, or the one chosen, which is kept in this browser.
import { byId } from './dom.js';

const KEY = 'ropewalk-theme';

/** @param {() => void} changed */
export function startTheme(changed) {
  const choice = /** @type {HTMLSelectElement} */ (byId('theme'));
  choice.value = stored();
  apply(choice.value);
  choice.addEventListener('change', () => {
    try {
      localStorage.setItem(KEY, choice.value);
    } catch {
      // Storage is disabled: the choice lasts as long as the page.
    }
    apply(choice.value);
    changed();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}

/** The value of a colour of the style sheet, such as `series-1`. @param {string} name */
export function colour(name) {
  const probe = byId('main');
  const before = probe.style.color;
  probe.style.color = `var(--${name})`;
  const { color } = getComputedStyle(probe);
  probe.style.color = before;
  return color;
}

/** @param {string} colour as `rgb(1, 2, 3)` @param {number} alpha */
export function faded(colour, alpha) {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

function stored() {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

/** @param {string} theme */
function apply(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

// Elements, without any HTML text: the texts of programs and visitors are never parsed.

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`there is no element #${id}`);
  return element;
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** A bar of a length from 0 to 1. @param {number} share @param {string} className */
export function bar(share, className = '') {
  const fill = el('span', className === '' ? {} : { class: className });
  fill.style.width = `${Math.min(1, Math.max(0, share)) * 100}%`;
  return el('span', { class: 'bar', 'aria-hidden': 'true' }, fill);
}

/** Replaces the rows of a table's body. @param {HTMLElement} table @param {HTMLElement[]} rows */
export function setRows(table, rows) {
  table.querySelector('tbody')?.replaceChildren(...rows);
}

/** Whether a scrolled element shows its end, so that it may follow new entries. @param {HTMLElement} element */
export function isAtEnd(element) {
  return element.scrollHeight - element.scrollTop - element.clientHeight < 24;
}

/** What is asked of a page in a browser, as texts for `evaluate`: they run there. */

/** Texts whose contrast with their ground is below 4.5 (WCAG 2.2, 1.4.3), with that contrast; of what can be seen and used. */
export const faintTexts = `(() => {
  const parse = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const linear = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const groundOf = element => {
    for (let at = element; at; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = parse(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === '' || element.matches('script, style, noscript, option, :disabled') || !element.checkVisibility()) continue;
    const [one, other] = [luminance(parse(getComputedStyle(element).color)), luminance(groundOf(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(text.slice(0, 30) + ' ' + contrast.toFixed(2));
  }
  return faint;
})()`;

/** What can be operated and has no name for those who cannot see it. */
export const namelessControls = `[...document.querySelectorAll('button, input, select, summary, a, dialog, section')]
  .filter(each => {
    const labelledBy = document.getElementById(each.getAttribute('aria-labelledby') ?? '');
    const own = each.matches('dialog, section') ? '' : each.textContent;
    const name = each.ariaLabel ?? labelledBy?.textContent ?? each.labels?.[0]?.textContent ?? own;
    return name.trim() === '';
  })
  .map(each => each.outerHTML.slice(0, 80))`;

/** By how many pixels the page is wider than the window. */
export const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

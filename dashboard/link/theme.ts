import { signal } from '@preact/signals';
import { Kept } from './kept.js';

/** `system`: as the browser says. */
export type Theme = 'system' | 'light' | 'dark';

const kept = new Kept('localStorage', 'gatehouse.theme');
const dark = window.matchMedia('(prefers-color-scheme: dark)');

/** What the reader has chosen. */
export const theme = signal<Theme>(kept.value === 'light' || kept.value === 'dark' ? kept.value : 'system');
/** Counts how often the colours have changed. */
export const colours = signal(0);

/** Sets the theme, and remembers it. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  kept.value = chosen === 'system' ? undefined : chosen;
  applyTheme();
}

/** Puts the theme into force. */
export function applyTheme(): void {
  const { dataset } = document.documentElement;
  if (theme.value === 'system') delete dataset['theme'];
  else dataset['theme'] = theme.value;
  colours.value++;
}

dark.addEventListener('change', () => colours.value++);

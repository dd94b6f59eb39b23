import { signal } from '@preact/signals';
import type { TailedLine } from '../../src/admin/api/views.js';

/** What a dialog is about. */
export type DialogOf =
  | { readonly kind: 'backend'; readonly upstream: string; readonly backend: string }
  | { readonly kind: 'reload' }
  | { readonly kind: 'line'; readonly line: TailedLine };

/** The dialog that is open; undefined: none. */
export const dialog = signal<DialogOf | undefined>();

/** Opens a dialog. */
export function openDialog(of: DialogOf): void {
  dialog.value = of;
}

/** Closes it. */
export function closeDialog(): void {
  dialog.value = undefined;
}

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * A modal dialog of the browser's own, which keeps the focus inside and gives it back. `close`: it was closed, by a button or by Escape; undefined: it
 * cannot be.
 */
export function Modal(props: {
  readonly title: string;
  readonly close: (() => void) | undefined;
  readonly children: ComponentChildren;
}) {
  const { children, close, title } = props;
  const element = useRef<HTMLDialogElement>(null);
  // At once: the next key is meant for the dialog.
  useLayoutEffect(() => {
    const opened = element.current!;
    const before = document.activeElement;
    opened.showModal();
    return () => {
      opened.close();
      // The browser gives the focus back to what had it, but not when the dialog has gone already.
      queueMicrotask(() => before instanceof HTMLElement && before.isConnected && before.focus());
    };
  }, []);
  return (
    <dialog
      ref={element}
      aria-labelledby="dialog-title"
      onCancel={event => {
        if (close === undefined) event.preventDefault();
      }}
      onClose={() => close?.()}
    >
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

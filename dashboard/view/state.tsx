import type { ComponentChildren } from 'preact';
import type { Shown, Tone } from '../model/backend-state.js';

/** A state: a shape and a colour of its tone, and a word. */
export function State({ tone, word }: Pick<Shown, 'tone' | 'word'>) {
  return (
    <span class={`state ${tone}`}>
      <Shape tone={tone} />
      {word}
    </span>
  );
}

/** The shape of a tone, beside a word that says the same. */
export function Shape({ tone }: { readonly tone: Tone }) {
  return <i class={`shape ${tone}`} aria-hidden="true" />;
}

/** A part of the page with a heading. */
export function Panel(props: {
  readonly id: string;
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const { children, id, note, title } = props;
  return (
    <section class="panel" id={id} aria-labelledby={`${id}-title`}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {note !== undefined && <div class="note">{note}</div>}
      </header>
      {children}
    </section>
  );
}

/** What a part says that has nothing to show. */
export function Nothing({ children }: { readonly children: ComponentChildren }) {
  return <p class="nothing">{children}</p>;
}

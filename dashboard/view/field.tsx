import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A field for a text with its label above, and what helps to fill it below. */
export function Field(props: {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly take: (value: string) => void;
  readonly placeholder?: string;
  /** Id of a list of suggestions. */
  readonly list?: string;
  /** It must be filled, with what this pattern takes, as `says` tells. */
  readonly must?: { readonly pattern: string; readonly says: string };
  /** It is not shown as it is typed. */
  readonly isSecret?: boolean;
  readonly children?: ComponentChildren;
}) {
  const { children, hint, isSecret = false, label, list, must, placeholder, take, value } = props;
  const id = useId();
  const kind = isSecret ? ({ type: 'password', autofocus: true } as const) : list === undefined ? {} : { list };
  return (
    <div class="field">
      <label>
        {label}
        <input
          {...kind}
          autocomplete="off"
          spellcheck={false}
          {...(placeholder !== undefined && { placeholder })}
          {...(must !== undefined && { required: true, pattern: must.pattern, title: must.says })}
          {...(hint !== undefined && { 'aria-describedby': id })}
          value={value}
          onInput={event => take(event.currentTarget.value)}
        />
      </label>
      {hint !== undefined && <small id={id}>{hint}</small>}
      {children}
    </div>
  );
}

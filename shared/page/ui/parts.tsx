// The small parts that every page is made of.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { T } from '@page/text';
import { back } from '@page/route';
import { Failure } from '@page/api';
import { signal, useSignal } from '@page/signal';
import { Icon, type IconName } from '@page/ui/icon';

type ButtonProps = {
  children: ComponentChildren;
  icon?: IconName;
  /** The one act that a page is for; `quiet`: without a frame. */
  look?: 'main' | 'quiet' | 'danger' | undefined;
  busy?: boolean;
  class?: string;
} & Omit<JSX.IntrinsicElements['button'], 'class' | 'icon'>;

export function Button({ children, icon, look, busy, class: extra, ...rest }: ButtonProps) {
  const classes = ['button', look && `button-${look}`, extra].filter(Boolean).join(' ');
  return (
    <button type="button" {...rest} class={classes} disabled={busy || rest.disabled} aria-busy={busy}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A link that looks like a button: it leads somewhere and does nothing. */
export function LinkButton(props: {
  href: string;
  children: ComponentChildren;
  icon?: IconName;
  look?: 'main' | 'quiet';
  class?: string;
  onClick?(): void;
}) {
  const classes = ['button', props.look && `button-${props.look}`, props.class];
  return (
    <a class={classes.filter(Boolean).join(' ')} href={props.href} onClick={props.onClick}>
      {props.icon && <Icon name={props.icon} />}
      <span>{props.children}</span>
    </a>
  );
}

export type Tone = 'quiet' | 'ok' | 'warn' | 'bad' | 'info';

/** A state: word, icon and colour, in this order of weight. */
export function Chip(props: { tone: Tone; icon: IconName; children: ComponentChildren }) {
  return (
    <span class={`chip chip-${props.tone}`}>
      <Icon name={props.icon} />
      <span>{props.children}</span>
    </span>
  );
}

/** Why something was not done, in the command's words, where it was asked for. */
export function Trouble({ of, again }: { of: Failure | undefined; again?: () => void }) {
  if (!of) return null;
  return (
    <div class="trouble" role="alert">
      <Icon name="alert" />
      <p>{of.message}</p>
      {again && (
        <Button icon="sync" onClick={again}>
          {T('再试一次', 'Try again')}
        </Button>
      )}
    </div>
  );
}

/** Nothing is here, and what would bring something. */
export function Empty({ icon, children }: { icon: IconName; children: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p>{children}</p>
    </div>
  );
}

/** While something is fetched for the first time; nothing is said before half a second. */
export function Busy({ what }: { what?: string }) {
  return (
    <p class="busy" role="status">
      {what ?? T('正在读取…', 'Reading…')}
    </p>
  );
}

/** A page: its heading takes the focus when it is come to, so that a reader of the screen begins there. */
export function Page(props: {
  title: string;
  /** What the browser may keep in its history, where the title tells of a case or a person. */
  history?: string;
  /** No way back: one of the main pages. */
  root?: boolean;
  tools?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.history ?? props.title} · ${T('巡格', 'Xunge')}`;
    if (!props.root || document.activeElement === document.body) heading.current?.focus();
    scrollTo(0, 0);
  }, [props.title]);
  return (
    <main id="main" class={props.class ? `page ${props.class}` : 'page'}>
      <header class="page-head">
        {!props.root && (
          <button type="button" class="button button-quiet back" onClick={back} aria-label={T('返回', 'Back')}>
            <Icon name="back" />
          </button>
        )}
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        {props.tools}
      </header>
      {props.children}
    </main>
  );
}

/** A part of a page under a heading of its own. */
export function Section(props: { title: string; tools?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="section">
      <header class="section-head">
        <h2>{props.title}</h2>
        {props.tools}
      </header>
      {props.children}
    </section>
  );
}

/** A question before something that cannot be undone, or a form over the page. */
export function Sheet(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    const from = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // Taken out of the document, a dialog does not give the focus back by itself.
      if (from instanceof HTMLElement) setTimeout(() => from.isConnected && from.focus({ preventScroll: true }));
    };
  }, []);
  return (
    <dialog
      ref={box}
      class="sheet"
      aria-label={props.title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
    >
      <header class="section-head">
        <h2>{props.title}</h2>
        <button type="button" class="button button-quiet" onClick={props.onClose} aria-label={T('关闭', 'Close')}>
          <Icon name="close" />
        </button>
      </header>
      {props.children}
    </dialog>
  );
}

/** How far something is: a share of 1, or unknown. */
export function Bar({ share, label }: { share: number | null; label: string }) {
  return (
    <progress
      class="bar"
      aria-label={label}
      max={1}
      {...(share === null ? {} : { value: Math.max(0, Math.min(1, share)) })}
    />
  );
}

// ---- what was just done, said once, with a way to take it back ----

export interface Notice {
  text: string;
  tone?: Tone;
  undo?: () => void;
}

const notice = signal<Notice | null>(null);
let notice_timer = 0;

/** "已保存 …" at the foot of the page for eight seconds, and to readers of the screen. */
export function tell(what: Notice): void {
  clearTimeout(notice_timer);
  notice.value = what;
  notice_timer = window.setTimeout(() => (notice.value = null), 8000);
}

export function Notices() {
  const now = useSignal(notice);
  return (
    <div class="notices" role="status" aria-live="polite">
      {now && (
        <div class={`notice notice-${now.tone ?? 'ok'}`}>
          <Icon name={now.tone === 'bad' || now.tone === 'warn' ? 'alert' : 'check'} />
          <p>{now.text}</p>
          {now.undo && (
            <Button
              icon="undo"
              look="quiet"
              onClick={() => {
                notice.value = null;
                now.undo?.();
              }}
            >
              {T('撤销', 'Undo')}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

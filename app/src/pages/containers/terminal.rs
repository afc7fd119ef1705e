//! A terminal in a container: which program and as whom, then the terminal itself, and why it ended.

use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use crate::api::containers::{ContainerDetail, ExecQuery, TERMINAL};
use crate::api::{Problem, fill};
use crate::client::encode_query;
use crate::ui::button::copy;
use crate::ui::terminal::{self, Close};
use crate::ui::{Button, Callout, EmptyState, Kind, StateDot, TextField, Tone, icons};

const SHELLS: [&str; 3] = ["/bin/sh", "/bin/bash", "/bin/ash"];

#[derive(Clone, PartialEq)]
enum Phase {
    Idle,
    Opening,
    Open,
    Ended(Close),
}

#[component]
pub(super) fn Terminal(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let id = detail.with_untracked(|detail| detail.summary.id.clone());
    let path = fill(TERMINAL, &[&engine.get_untracked(), &id]);
    let running = Memo::new(move |_| detail.with(|detail| detail.summary.state == "running"));
    let phase = RwSignal::new(Phase::Idle);
    // Whether what is shown is recorded, and if so whether what is typed is.
    let recorded = RwSignal::new(None::<bool>);
    let screen = NodeRef::<html::Div>::new();
    // Dropped, and so ended, with the page.
    let session = RwSignal::new(None::<terminal::Terminal>);
    // An earlier terminal may say that it closed when the next one is open already.
    let turn = StoredValue::new(0_u32);
    let command = RwSignal::new("/bin/sh".to_owned());
    let user = RwSignal::new(String::new());

    let connect = Callback::new(move |()| {
        let Some(element) = screen.get_untracked() else { return };
        let url = match address(&path, &command.get_untracked(), &user.get_untracked()) {
            Ok(url) => url,
            Err(problem) => return phase.set(Phase::Ended(Close { code: 0, reason: problem.to_string() })),
        };
        let mine = turn.get_value().wrapping_add(1);
        turn.set_value(mine);
        session.set(None);
        recorded.set(None);
        phase.set(Phase::Opening);
        let say = move |next: Phase| {
            if turn.try_get_value() == Some(mine) {
                let _ = phase.try_set(next);
            }
        };
        spawn_local(async move {
            let told = move |typed| {
                if turn.try_get_value() == Some(mine) {
                    let _ = recorded.try_set(Some(typed));
                }
            };
            let opened = terminal::Terminal::open(&element, &url, move || say(Phase::Open), told, move |close| say(Phase::Ended(close))).await;
            if opened.is_none() {
                say(Phase::Ended(Close { code: 0, reason: "The terminal could not be loaded. Reload the page.".to_owned() }));
            }
            let _ = session.try_set(opened);
        });
    });
    let end = Callback::new(move |()| {
        turn.update_value(|turn| *turn = turn.wrapping_add(1));
        session.set(None);
        phase.set(Phase::Idle);
    });
    let leave = NodeRef::<html::Div>::new();
    let keys = move |event: KeyboardEvent| {
        // Everything goes to the program, Tab too: this is the way out.
        if event.key() == "Escape" && event.shift_key() {
            event.prevent_default();
            event.stop_propagation();
            let button = leave.get_untracked().and_then(|bar| bar.query_selector("button").ok().flatten());
            if let Some(button) = button.and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) {
                drop(button.focus());
            }
        }
    };
    let shown = Memo::new(move |_| phase.with(|phase| *phase != Phase::Idle));
    view! {
        <Show when=move || !shown.get()>
            <Start running=running command=command user=user connect=connect/>
        </Show>
        <div class="terminal-pane" class:shown=move || shown.get()>
            <div class="toolbar" node_ref=leave>
                <State phase=phase command=command/>
                <Tools phase=phase session=session connect=connect end=end/>
            </div>
            <Why phase=phase/>
            <Recorded recorded=recorded/>
            <div class="terminal-screen" node_ref=screen on:keydown:capture=keys></div>
            <p class="list-note">"Shift + Esc leaves the terminal. Closing the page ends the program."</p>
        </div>
    }
    .into_any()
}

/// What is to be run, before it is.
#[component]
fn Start(running: Memo<bool>, command: RwSignal<String>, user: RwSignal<String>, connect: Callback<()>) -> impl IntoView {
    let reason = Signal::derive(move || (!running.get()).then(|| "it is not running".to_owned()));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if running.get_untracked() {
            connect.run(());
        }
    };
    let chip =
        move |shell: &'static str| view! { <button type="button" class="chip" on:click=move |_| command.set(shell.to_owned())>{shell}</button> };
    let form = move || {
        view! {
            <form method="post" class="card terminal-start" on:submit=send>
                <TextField label="Program" name="command" value=command mono=true autocomplete="off"
                    hint="A shell that is in the image. Not every image has one."/>
                <div class="chips" role="group" aria-label="Shells">{SHELLS.map(chip).collect_view()}</div>
                <TextField label="User" name="user" value=user mono=true required=false autocomplete="off" placeholder="root, or 1000:1000"
                    hint="The image's own user when empty."/>
                <footer class="form-actions">
                    <Button label="Open the terminal" kind=Kind::Primary icon=icons::TERMINAL submit=true reason=reason/>
                </footer>
            </form>
        }
    };
    move || {
        if running.get() {
            form().into_any()
        } else {
            let why = Signal::stored("A program can be run in a container that runs. Start it first.".to_owned());
            view! { <EmptyState icon=icons::TERMINAL title="It is not running" detail=why/> }.into_any()
        }
    }
}

#[component]
fn State(phase: RwSignal<Phase>, command: RwSignal<String>) -> impl IntoView {
    let tone = Signal::derive(move || match phase.get() {
        Phase::Open => Tone::Good,
        Phase::Opening => Tone::Warn,
        _ => Tone::Neutral,
    });
    let text = Signal::derive(move || {
        let command = command.get();
        match phase.get() {
            Phase::Idle => String::new(),
            Phase::Opening => format!("Opening {command}"),
            Phase::Open => format!("In {command}"),
            Phase::Ended(_) => "Ended".to_owned(),
        }
    });
    view! { <div class="grow"><StateDot text=text tone=tone/></div> }.into_any()
}

/// That somebody may look at it, said before a word is typed.
#[component]
fn Recorded(recorded: RwSignal<Option<bool>>) -> impl IntoView {
    let sentence = move || {
        recorded.get().map(|typed| match typed {
            true => "This session is recorded: what is shown here, and what is typed.",
            false => "This session is recorded: what is shown here, not what is typed.",
        })
    };
    view! { <p class="list-note" role="status">{sentence}</p> }.into_any()
}

#[component]
fn Tools(phase: RwSignal<Phase>, session: RwSignal<Option<terminal::Terminal>>, connect: Callback<()>, end: Callback<()>) -> impl IntoView {
    let ended = Memo::new(move |_| phase.with(|phase| matches!(phase, Phase::Ended(_))));
    let copy_all = Callback::new(move |()| {
        session.with_untracked(|session| {
            if let Some(session) = session {
                copy(&session.text());
                session.focus();
            }
        });
    });
    let clear = Callback::new(move |()| {
        session.with_untracked(|session| {
            if let Some(session) = session {
                session.clear();
                session.focus();
            }
        });
    });
    let again = move || {
        if ended.get() {
            view! {
                <Button label="Open again" kind=Kind::Primary icon=icons::REFRESH on_press=connect/>
                <Button label="Another program" on_press=end/>
            }
            .into_any()
        } else {
            view! { <Button label="End it" icon=icons::CLOSE on_press=end/> }.into_any()
        }
    };
    view! {
        {again}
        <Button label="Copy the selection, or all" kind=Kind::Quiet icon=icons::COPY icon_only=true on_press=copy_all/>
        <Button label="Clear" kind=Kind::Quiet on_press=clear/>
    }
    .into_any()
}

/// Why it ended, when it has.
#[component]
fn Why(phase: RwSignal<Phase>) -> impl IntoView {
    let why = move || match phase.get() {
        Phase::Ended(close) => Some(view! { <Callout>{reason(&close)}</Callout> }),
        _ => None,
    };
    view! { <div role="status">{why}</div> }.into_any()
}

/// A close in words.
fn reason(close: &Close) -> String {
    match (close.code, close.reason.as_str()) {
        (0, words) => words.to_owned(),
        (1000, "" | "0") => "The program ended.".to_owned(),
        (1000, "126") => "The program cannot be executed (exit code 126).".to_owned(),
        (1000, "127") => "The image has no such program (exit code 127). Try another one.".to_owned(),
        (1000, code) => format!("The program ended with exit code {code}."),
        (1001, _) => "Pilothouse is going down. Open it again in a moment.".to_owned(),
        (1003, _) => "The browser and Pilothouse did not understand each other. Reload the page.".to_owned(),
        (1006, _) => "It could not be opened, or the connection broke. The program may be missing, or its user.".to_owned(),
        (1011, _) => "The engine broke off.".to_owned(),
        (4000, words) => format!("It was ended here: {words}."),
        (4002, words) => words.to_owned(),
        (4001, _) => "Your right to this terminal has ended.".to_owned(),
        (code, "") => format!("It was closed (code {code})."),
        (code, words) => format!("It was closed: {words} (code {code})."),
    }
}

/// The WebSocket's address.
fn address(path: &str, command: &str, user: &str) -> Result<String, Problem> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let query = ExecQuery { command: given(command), user: given(user), columns: None, rows: None };
    let query = encode_query(&query)?;
    Ok(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
}

#[cfg(test)]
mod tests {
    use super::{address, reason};
    use crate::ui::terminal::Close;

    #[test]
    fn the_program_and_its_user_stand_in_the_address() {
        assert_eq!(address("/t", "/bin/sh", " "), Ok("/t?command=%2Fbin%2Fsh".into()));
        assert_eq!(address("/t", " ", "a&b"), Ok("/t?user=a%26b".into()));
        assert_eq!(address("/t", "", ""), Ok("/t".into()));
    }

    #[test]
    fn every_end_has_its_words() {
        let say = |code, reason_text: &str| reason(&Close { code, reason: reason_text.into() });
        assert_eq!(say(1000, "0"), "The program ended.");
        assert_eq!(say(1000, "3"), "The program ended with exit code 3.");
        assert_eq!(say(4001, "revoked"), "Your right to this terminal has ended.");
        assert_eq!(say(4999, ""), "It was closed (code 4999).");
    }
}

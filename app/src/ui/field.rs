//! Fields of a form: a label, the control, a hint, and the error tied to the control.

use leptos::prelude::*;

/// The ids that tie a field's hint and error to its control.
#[derive(Clone)]
struct Ids {
    control: String,
    hint: String,
    error: String,
}

impl Ids {
    fn new(name: &str) -> Self {
        Self { control: format!("field-{name}"), hint: format!("field-{name}-hint"), error: format!("field-{name}-error") }
    }

    fn described(&self, hint: bool, error: bool) -> Option<String> {
        match (hint, error) {
            (false, false) => None,
            (true, false) => Some(self.hint.clone()),
            (false, true) => Some(self.error.clone()),
            (true, true) => Some(format!("{} {}", self.error, self.hint)),
        }
    }
}

/// What stands around every control.
#[component]
fn Around(ids: Ids, label: String, hint: Option<String>, error: Signal<Option<String>>, required: bool, children: Children) -> impl IntoView {
    view! {
        <div class="field" class:wrong=move || error.with(Option::is_some)>
            <label for=ids.control>
                {label}
                {(!required).then(|| view! { <span class="optional">"optional"</span> })}
            </label>
            {children()}
            <p class="field-error" id=ids.error role="alert">{move || error.get()}</p>
            {hint.map(|hint| view! { <p class="field-hint" id=ids.hint>{hint}</p> })}
        </div>
    }
    .into_any()
}

/// One line of text. `name` is its id in the page too: once a page.
#[component]
pub fn TextField(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    value: RwSignal<String>,
    /// `text`, `password`, `number`, ...
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] autofocus: bool,
    /// Names, addresses and other things to be read letter by letter.
    #[prop(optional)]
    mono: bool,
    #[prop(default = true)] required: bool,
    /// What may be meant: offered while one types.
    #[prop(optional, into)]
    suggestions: Option<Signal<Vec<String>>>,
) -> impl IntoView {
    let ids = Ids::new(&name);
    let described = {
        let (ids, hinted) = (ids.clone(), hint.is_some());
        move || ids.described(hinted, error.with(Option::is_some))
    };
    let id = ids.control.clone();
    let list = suggestions.map(|_| format!("field-{name}-list"));
    let offered = suggestions.zip(list.clone()).map(|(offered, id)| {
        let options = move || offered.get().into_iter().map(|value| view! { <option value=value></option> }).collect_view();
        view! { <datalist id=id>{options}</datalist> }
    });
    view! {
        <Around ids=ids label=label hint=hint error=error required=required>
            <input
                class="input"
                class:mono=mono
                type=kind
                id=id
                list=list
                name=name
                placeholder=placeholder
                autocomplete=autocomplete
                autofocus=autofocus
                spellcheck=mono.then_some("false")
                autocapitalize=mono.then_some("off")
                aria-required=required.then_some("true")
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=described
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
            />
            {offered}
        </Around>
    }
    .into_any()
}

/// A password, that can be shown.
#[component]
pub fn PasswordField(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    value: RwSignal<String>,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
) -> impl IntoView {
    let ids = Ids::new(&name);
    let described = {
        let (ids, hinted) = (ids.clone(), hint.is_some());
        move || ids.described(hinted, error.with(Option::is_some))
    };
    let id = ids.control.clone();
    let shown = RwSignal::new(false);
    view! {
        <Around ids=ids label=label hint=hint error=error required=true>
            <div class="input-group">
                <input
                    class="input"
                    type=move || if shown.get() { "text" } else { "password" }
                    id=id
                    name=name
                    autocomplete=autocomplete
                    autocapitalize="off"
                    spellcheck="false"
                    aria-required="true"
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=described
                    prop:value=move || value.get()
                    on:input:target=move |event| value.set(event.target().value())
                />
                <button
                    type="button"
                    class="button quiet"
                    aria-pressed=move || if shown.get() { "true" } else { "false" }
                    on:click=move |_| shown.update(|s| *s = !*s)
                >
                    {move || if shown.get() { "Hide" } else { "Show" }}
                </button>
            </div>
        </Around>
    }
    .into_any()
}

/// Many lines of text.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    value: RwSignal<String>,
    #[prop(default = 4)] rows: u32,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(default = true)] required: bool,
) -> impl IntoView {
    let ids = Ids::new(&name);
    let described = {
        let (ids, hinted) = (ids.clone(), hint.is_some());
        move || ids.described(hinted, error.with(Option::is_some))
    };
    let id = ids.control.clone();
    // The text is a property, never a child: the server does not escape a text area's children.
    view! {
        <Around ids=ids label=label hint=hint error=error required=required>
            <textarea
                class="input mono"
                id=id
                name=name
                rows=rows
                placeholder=placeholder
                spellcheck="false"
                autocapitalize="off"
                aria-required=required.then_some("true")
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=described
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
            ></textarea>
        </Around>
    }
    .into_any()
}

/// One of a few.
#[component]
pub fn Select(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    value: RwSignal<String>,
    /// Each choice's value and what it is called.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(default = true)] required: bool,
) -> impl IntoView {
    let ids = Ids::new(&name);
    let described = {
        let (ids, hinted) = (ids.clone(), hint.is_some());
        move || ids.described(hinted, error.with(Option::is_some))
    };
    let id = ids.control.clone();
    let choices = move || {
        let choice = |(key, text): (String, String)| {
            let chosen = {
                let key = key.clone();
                move || value.with(|v| *v == key)
            };
            view! { <option value=key selected=chosen>{text}</option> }
        };
        options.get().into_iter().map(choice).collect_view()
    };
    view! {
        <Around ids=ids label=label hint=hint error=error required=required>
            <select
                class="input"
                id=id
                name=name
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=described
                prop:value=move || value.get()
                on:change:target=move |event| value.set(event.target().value())
            >
                {choices}
            </select>
        </Around>
    }
    .into_any()
}

/// Yes or no.
#[component]
pub fn Checkbox(#[prop(into)] label: String, checked: RwSignal<bool>, #[prop(optional, into)] hint: Option<String>) -> impl IntoView {
    view! {
        <label class="checkbox">
            <input type="checkbox" prop:checked=move || checked.get() on:change:target=move |event| checked.set(event.target().checked())/>
            <span>
                {label}
                {hint.map(|hint| view! { <small>{hint}</small> })}
            </span>
        </label>
    }
    .into_any()
}

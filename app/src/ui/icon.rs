//! The icons: outlines on a 24 by 24 grid, drawn with the colour of the text.

use leptos::prelude::*;

/// An icon's outlines, as SVG path data.
pub type Outlines = &'static [&'static str];

/// The set. Add one when a page needs it.
pub mod icons {
    use super::Outlines;

    pub const ACTIVITY: Outlines = &["M3 12h4l3 8 4-16 3 8h4"];
    pub const ARCHIVE: Outlines = &["M3 4h18v5H3z", "M5 9v11h14V9", "M10 13h4"];
    pub const ARROW_LEFT: Outlines = &["M19 12H5", "M11 18l-6-6 6-6"];
    pub const BOOK: Outlines = &["M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3z", "M5 17a3 3 0 0 1 3-3h11"];
    pub const BOX: Outlines = &["M12 3l8 4.5v9L12 21l-8-4.5v-9z", "M4 7.5l8 4.5 8-4.5", "M12 12v9"];
    pub const CHECK: Outlines = &["M5 12.5l4.5 4.5L19 7"];
    pub const CHEVRON_DOWN: Outlines = &["M6 9l6 6 6-6"];
    pub const CHEVRON_LEFT: Outlines = &["M15 6l-6 6 6 6"];
    pub const CHEVRON_RIGHT: Outlines = &["M9 6l6 6-6 6"];
    pub const CHEVRON_UP: Outlines = &["M6 15l6-6 6 6"];
    pub const CLOCK: Outlines = &["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 7v5l3.5 2"];
    pub const CLOSE: Outlines = &["M6 6l12 12", "M18 6L6 18"];
    pub const COPY: Outlines = &["M9 9h11v11H9z", "M5 15H4V4h11v1"];
    pub const DATABASE: Outlines =
        &["M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3z", "M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6", "M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3"];
    pub const DOWNLOAD: Outlines = &["M12 4v11", "M7 11l5 5 5-5", "M5 20h14"];
    pub const EDIT: Outlines = &["M4 20h4L19 9l-4-4L4 16z", "M13 7l4 4"];
    pub const EXTERNAL: Outlines = &["M14 4h6v6", "M20 4l-9 9", "M18 14v6H4V6h6"];
    pub const FILTER: Outlines = &["M4 5h16l-6.5 7.5V19l-3 1.5v-8z"];
    pub const HELP: Outlines = &["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7", "M12 17v.01"];
    pub const HOME: Outlines = &["M4 11l8-7 8 7v9h-5v-6H9v6H4z"];
    pub const KEY: Outlines = &["M14 10a5 5 0 1 1-4-4.9A5 5 0 0 1 14 10z", "M12.5 13.5L20 21", "M17 18l2-2"];
    pub const LAYERS: Outlines = &["M12 3l9 5-9 5-9-5z", "M3 12.5l9 5 9-5", "M3 17l9 5 9-5"];
    pub const LIST: Outlines = &["M8 6h12", "M8 12h12", "M8 18h12", "M4 6v.01", "M4 12v.01", "M4 18v.01"];
    pub const LOCK: Outlines = &["M6 11h12v9H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"];
    pub const LOGO: Outlines =
        &["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z", "M12 3v6", "M12 15v6", "M3 12h6", "M15 12h6"];
    pub const MENU: Outlines = &["M4 7h16", "M4 12h16", "M4 17h16"];
    pub const MINUS: Outlines = &["M5 12h14"];
    pub const MOON: Outlines = &["M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z"];
    pub const MORE: Outlines = &[
        "M12 4.5a.75.75 0 1 0 0 1.5.75.75 0 0 0 0-1.5z",
        "M12 11.25a.75.75 0 1 0 0 1.5.75.75 0 0 0 0-1.5z",
        "M12 18a.75.75 0 1 0 0 1.5.75.75 0 0 0 0-1.5z",
    ];
    pub const NETWORK: Outlines = &["M9 3h6v5H9z", "M3 16h6v5H3z", "M15 16h6v5h-6z", "M12 8v4", "M6 16v-4h12v4"];
    pub const PAUSE: Outlines = &["M8 5v14", "M16 5v14"];
    pub const PEOPLE: Outlines =
        &["M9 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M2.5 20a6.5 6.5 0 0 1 13 0", "M16 4.3a4 4 0 0 1 0 7.4", "M18 14.5a6.5 6.5 0 0 1 3.5 5.5"];
    pub const PLAY: Outlines = &["M7 4.5v15l12-7.5z"];
    pub const PLUS: Outlines = &["M12 5v14", "M5 12h14"];
    pub const REFRESH: Outlines = &["M20 11a8 8 0 0 0-14.5-4L4 9", "M4 4v5h5", "M4 13a8 8 0 0 0 14.5 4l1.5-2", "M20 20v-5h-5"];
    pub const RESTART: Outlines = &["M20 12a8 8 0 1 1-2.6-5.9L20 8.5", "M20 3.5v5h-5"];
    pub const SEARCH: Outlines = &["M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "M16 16l4.5 4.5"];
    pub const SERVER: Outlines = &["M4 4h16v7H4z", "M4 13h16v7H4z", "M8 7.5v.01", "M8 16.5v.01"];
    pub const SIGN_OUT: Outlines = &["M10 4H5v16h5", "M9 12h11", "M16 8l4 4-4 4"];
    pub const SKULL: Outlines = &["M12 3a8 8 0 0 0-5 14.2V21h10v-3.8A8 8 0 0 0 12 3z", "M9 11v.01", "M15 11v.01", "M10 21v-2", "M14 21v-2"];
    pub const STOP: Outlines = &["M6 6h12v12H6z"];
    pub const SUN: Outlines = &[
        "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
        "M12 2v2",
        "M12 20v2",
        "M2 12h2",
        "M20 12h2",
        "M5 5l1.4 1.4",
        "M17.6 17.6L19 19",
        "M19 5l-1.4 1.4",
        "M6.4 17.6L5 19",
    ];
    pub const SYSTEM: Outlines = &["M3 5h18v11H3z", "M9 20h6", "M12 16v4"];
    pub const TAG: Outlines = &["M4 4h8l8 8-8 8-8-8z", "M8 8v.01"];
    pub const TERMINAL: Outlines = &["M4 5h16v14H4z", "M7.5 9.5L10 12l-2.5 2.5", "M12.5 15h4"];
    pub const TRASH: Outlines = &["M5 7h14", "M10 7V4h4v3", "M7 7l1 13h8l1-13", "M10.5 11v5", "M13.5 11v5"];
    pub const UPDOWN: Outlines = &["M8 10l4-4 4 4", "M8 14l4 4 4-4"];
    pub const WARNING: Outlines = &["M12 4l9 16H3z", "M12 10v4", "M12 17v.01"];
}

/// One icon. It says nothing to a screen reader: what it stands beside does, or the button's label.
#[component]
pub fn Icon(#[prop(into)] of: Signal<Outlines>) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=move || of.get().join(" ")></path>
        </svg>
    }
    .into_any()
}

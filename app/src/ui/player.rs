//! A player of terminals' recordings, of `terminal.js`: it stands in an element until it is dropped.

use js_sys::{Array, Function, Object, Reflect};
use leptos::html;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use serde::Deserialize;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::assets;

/// A player.
pub struct Player(SendWrapper<Object>);

/// Where it is, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Position {
    pub at: f64,
    pub duration: f64,
    pub playing: bool,
    /// The last of what was typed, if that was recorded.
    pub typed: String,
}

/// A place where something was shown.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Found {
    pub at: f64,
    pub line: String,
}

/// How the terminal was.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub columns: u16,
    pub rows: u16,
    pub tty: bool,
}

impl Player {
    /// Opens one in `element`. `None` when the browser could not load it.
    pub async fn open(
        element: &JsValue,
        screen: Screen,
        on_ready: impl Fn() + 'static,
        on_time: impl Fn(Position) + 'static,
        on_failed: impl Fn(String) + 'static,
    ) -> Option<Self> {
        assets::style("terminal.css");
        let module = assets::module("terminal.js").await?;
        let play: Function = Reflect::get(&module, &"play".into()).ok()?.dyn_into().ok()?;
        let size = Object::new();
        Reflect::set(&size, &"columns".into(), &screen.columns.into()).ok()?;
        Reflect::set(&size, &"rows".into(), &screen.rows.into()).ok()?;
        Reflect::set(&size, &"tty".into(), &screen.tty.into()).ok()?;
        let on = Object::new();
        // An answer on its way may call them when the player is gone: so they are left to JavaScript.
        let ready = Closure::<dyn Fn(JsValue)>::new(move |_| on_ready()).into_js_value();
        let time = Closure::<dyn Fn(JsValue)>::new(move |now: JsValue| on_time(position(&now))).into_js_value();
        let failed = Closure::<dyn Fn(JsValue)>::new(move |why: JsValue| on_failed(why.as_string().unwrap_or_default())).into_js_value();
        Reflect::set(&on, &"ready".into(), &ready).ok()?;
        Reflect::set(&on, &"time".into(), &time).ok()?;
        Reflect::set(&on, &"failed".into(), &failed).ok()?;
        let player = play.call3(&JsValue::NULL, element, &size, &on).ok()?;
        Some(Self(SendWrapper::new(player.dyn_into().ok()?)))
    }

    /// Reads the recording at `url`, and shows it as it was at `at`, or the first that it shows.
    pub fn load(&self, url: &str, at: Option<f64>) {
        self.call("load", &[url.into(), at.into()]);
    }

    /// Shows something that happens at this moment.
    pub fn feed(&self, at: f64, code: &str, data: &str) {
        self.call("feed", &[at.into(), code.into(), data.into()]);
    }

    /// Plays, or pauses.
    pub fn toggle(&self) {
        self.call("toggle", &[]);
    }

    pub fn pause(&self) {
        self.call("pause", &[]);
    }

    pub fn seek(&self, at: f64) {
        self.call("seek", &[at.into()]);
    }

    pub fn speed(&self, times: f64) {
        self.call("speed", &[times.into()]);
    }

    /// Whether times in which nothing happens are skipped.
    pub fn skip(&self, yes: bool) {
        self.call("skip", &[yes.into()]);
    }

    /// Where this was shown.
    pub fn search(&self, text: &str) -> Vec<Found> {
        self.call("search", &[text.into()]).as_string().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
    }

    fn call(&self, method: &str, arguments: &[JsValue]) -> JsValue {
        let method = Reflect::get(&self.0, &method.into()).ok().and_then(|method| method.dyn_into::<Function>().ok());
        let list = Array::new();
        for argument in arguments {
            list.push(argument);
        }
        method.and_then(|method| method.apply(&self.0, &list).ok()).unwrap_or(JsValue::UNDEFINED)
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.call("destroy", &[]);
    }
}

/// Where a player stands. Its room is kept before it is there, so that nothing moves when it comes.
#[component]
pub fn Stage(screen: Screen, element: NodeRef<html::Div>, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    // Of letters of 13 pixels, as the player has them; where they become smaller, the room does, too.
    let (width, height) = (f64::from(screen.columns) * 13.0 * 0.605, u32::from(screen.rows) * 15);
    view! {
        <div class="recording-stage">
            <svg class="recording-room" viewBox=format!("0 0 {width:.0} {height}") width=format!("{width:.0}") aria-hidden="true"></svg>
            <div class="terminal-screen recording-screen" node_ref=element></div>
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}

fn position(now: &JsValue) -> Position {
    let field = |name: &str| Reflect::get(now, &name.into()).unwrap_or(JsValue::UNDEFINED);
    Position {
        at: field("at").as_f64().unwrap_or(0.0),
        duration: field("duration").as_f64().unwrap_or(0.0),
        playing: field("playing").as_bool().unwrap_or(false),
        typed: field("typed").as_string().unwrap_or_default(),
    }
}

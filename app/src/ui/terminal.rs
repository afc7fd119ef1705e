//! A terminal of `terminal.js`: it stands in an element, over a WebSocket, until it is dropped.

use js_sys::{Function, Object, Reflect};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::assets;

/// An open terminal.
pub struct Terminal(SendWrapper<Object>);

/// Why a terminal ended, as the WebSocket told it.
#[derive(Clone, Debug, PartialEq)]
pub struct Close {
    pub code: u16,
    pub reason: String,
}

impl Terminal {
    /// Opens one in `element` on the WebSocket at `url`. `None` when the browser could not load it.
    /// `on_recorded` is told, once, that it is recorded, and whether what is typed is, too.
    pub async fn open(
        element: &JsValue,
        url: &str,
        on_open: impl Fn() + 'static,
        on_recorded: impl Fn(bool) + 'static,
        on_close: impl Fn(Close) + 'static,
    ) -> Option<Self> {
        assets::style("terminal.css");
        let module = assets::module("terminal.js").await?;
        let open: Function = Reflect::get(&module, &"open".into()).ok()?.dyn_into().ok()?;
        let on = Object::new();
        // They are called until the socket has closed, which may be after the terminal is gone: so they are left to JavaScript.
        let opened = Closure::<dyn Fn()>::new(on_open).into_js_value();
        let recorded = Closure::<dyn Fn(JsValue)>::new(move |notice: JsValue| on_recorded(field(&notice, "typed").is_truthy())).into_js_value();
        let closed = Closure::<dyn Fn(JsValue)>::new(move |why: JsValue| on_close(close(&why))).into_js_value();
        Reflect::set(&on, &"open".into(), &opened).ok()?;
        Reflect::set(&on, &"recorded".into(), &recorded).ok()?;
        Reflect::set(&on, &"close".into(), &closed).ok()?;
        let terminal = open.call3(&JsValue::NULL, element, &url.into(), &on).ok()?;
        Some(Self(SendWrapper::new(terminal.dyn_into().ok()?)))
    }

    pub fn focus(&self) {
        self.call("focus");
    }

    pub fn clear(&self) {
        self.call("clear");
    }

    /// What is selected in it, or all of it.
    pub fn text(&self) -> String {
        self.call("text").as_string().unwrap_or_default()
    }

    fn call(&self, method: &str) -> JsValue {
        let method = Reflect::get(&self.0, &method.into()).ok().and_then(|m| m.dyn_into::<Function>().ok());
        method.and_then(|method| method.call0(&self.0).ok()).unwrap_or(JsValue::UNDEFINED)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.call("destroy");
    }
}

fn field(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn close(why: &JsValue) -> Close {
    let code = field(why, "code").as_f64().unwrap_or(1006.0) as u16;
    Close { code, reason: field(why, "reason").as_string().unwrap_or_default() }
}

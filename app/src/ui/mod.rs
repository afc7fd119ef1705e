//! Parts that know nothing of the API: they draw what they are given and say what was done to them.
//!
//! Each has its look in `style/ui/` under its own name.

pub mod ansi;
pub mod badge;
pub mod batch;
pub mod button;
pub mod chart;
pub mod choice;
pub mod code;
pub mod confirm;
pub mod dialog;
pub mod download;
pub mod field;
pub mod format;
pub mod icon;
pub mod keys;
pub mod menu;
pub mod meter;
pub mod page;
pub mod palette;
pub mod passkey;
pub mod player;
pub mod skeleton;
pub mod sparkline;
pub mod table;
pub mod tabs;
pub mod terminal;
pub mod theme;
pub mod time;
pub mod toast;
pub mod toml;
pub mod tree;

pub use badge::{Badge, StateDot, Tone};
pub use button::{Button, CopyButton, Kind, LinkButton};
pub use chart::Chart;
pub use choice::Choice;
pub use code::CodeBlock;
pub use confirm::{Ask, Confirm};
pub use dialog::{Dialog, open_while};
pub use download::offer_file;
pub use field::{Checkbox, PasswordField, Select, TextArea, TextField};
pub use icon::{Icon, icons};
pub use menu::{Menu, MenuItem, MenuLink};
pub use meter::Meter;
pub use page::{Callout, Card, EmptyState, Facts, PageHead};
pub use skeleton::{SkeletonRows, SkeletonText};
pub use sparkline::Sparkline;
pub use table::{Pager, Rows, SearchBox, SelectAll, SelectRow, SortHeader};
pub use tabs::{Tab, Tabs};
pub use time::Time;
pub use toast::Toasts;
pub use tree::JsonTree;

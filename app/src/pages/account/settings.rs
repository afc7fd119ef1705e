//! The page of one's own account.

use leptos::prelude::*;

use super::certificates::Certificates;
use super::factors::SignInFactors;
use super::grants::MyGrants;
use super::password::ChangePassword;
use super::sessions::{Sessions, read};
use crate::ui::theme::ThemeChoice;
use crate::ui::{Card, PageHead};
use crate::widgets::use_me;

#[component]
pub fn Account() -> impl IntoView {
    let me = use_me();
    let sessions = read();
    let after = Callback::new(move |()| sessions.refetch());
    view! {
        <PageHead title="Account" about=Signal::stored(format!("You are {}.", me.username()))/>
        <div class="form">
            <SignInFactors/>
            <Sessions sessions=sessions/>
            <ChangePassword after=after/>
            <Certificates/>
            <Card title="Theme"><ThemeChoice/></Card>
            <MyGrants/>
        </div>
    }
    .into_any()
}

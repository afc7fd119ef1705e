//! The document around the console, and which page stands at which address.

#[cfg(feature = "ssr")]
use leptos::nonce::use_nonce;
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos_meta::MetaTags;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Outlet, ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

#[cfg(feature = "ssr")]
use crate::assets::Assets;
use crate::pages::not_found::NotFound;
#[cfg(feature = "ssr")]
use crate::parts::Part;
use crate::parts::{OfAccess, OfEngine, OfHouse, OfOverview, OfRegistries, OfSession};
#[cfg(feature = "ssr")]
use crate::ui::theme;
use crate::widgets::Frame;

/// The whole document, as the server writes it.
#[cfg(feature = "ssr")]
pub fn shell(assets: Assets) -> impl IntoView {
    let Assets { css, js, wasm, extra, mut parts } = assets;
    let parts = Part::of_request().and_then(|part| parts.remove(part.name())).unwrap_or_default();
    let preload = |url: String| view! { <link rel="preload" r#as="fetch" r#type="application/wasm" crossorigin="anonymous" href=url/> };
    let parts = parts.into_iter().map(preload).collect_view();
    // A policy without `eval` gives WebAssembly no way to import a module by its address, so the page leaves it one.
    let boot = format!(
        "globalThis.loadModule=u=>import(u);import init,{{hydrate}} from {};init({{module_or_path:{}}}).then(()=>hydrate())",
        quoted(&js),
        quoted(&wasm)
    );
    let extra = extra.into_iter().map(|(name, url)| view! { <meta name=format!("asset:{name}") content=url/> }).collect_view();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <script nonce=use_nonce()>{theme::FIRST_SCRIPT}</script>
                <link rel="stylesheet" href=css/>
                <link rel="icon" type="image/svg+xml" href=FAVICON/>
                <link rel="modulepreload" href=js nonce=use_nonce()/>
                <link rel="preload" r#as="fetch" r#type="application/wasm" crossorigin="anonymous" href=wasm/>
                {parts}
                {extra}
                <MetaTags/>
                <script type="module" nonce=use_nonce()>{boot}</script>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
    .into_any()
}

#[cfg(feature = "ssr")]
const FAVICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%233b6fd4' stroke-width='2'%3E%3Ccircle cx='12' cy='12' r='9'/%3E%3Ccircle cx='12' cy='12' r='3'/%3E%3Cpath d='M12 3v6M12 15v6M3 12h6M15 12h6'/%3E%3C/svg%3E";

/// A URL as a literal of a script that stands in a page.
#[cfg(feature = "ssr")]
fn quoted(url: &str) -> String {
    serde_json::Value::from(url).to_string().replace('<', "\\u003c")
}

/// The console.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Pilothouse".to_owned() } else { format!("{title} \u{b7} Pilothouse") }/>
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/sign-in") view=|| OfSession::SignInPage.view() ssr=SsrMode::Async/>
                <Route path=path!("/setup") view=|| OfSession::FirstSetup.view() ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    // One page a line. A group holds 16; begin another `ParentRoute path=path!("")` inside of this when it is full.
                    <Route path=path!("/on/:engine/containers") view=|| OfEngine::Containers.view()/>
                    <Route path=path!("/on/:engine/containers/new") view=|| OfEngine::ContainerForm.view()/>
                    <Route path=path!("/on/:engine/containers/:id") view=|| OfEngine::ContainerPage.view()/>
                    <Route path=path!("/on/:engine/images") view=|| OfEngine::Images.view()/>
                    <Route path=path!("/on/:engine/images/:id") view=|| OfEngine::ImagePage.view()/>
                    <Route path=path!("/on/:engine/volumes") view=|| OfEngine::Volumes.view()/>
                    <Route path=path!("/on/:engine/networks") view=|| OfEngine::Networks.view()/>
                    <Route path=path!("/on/:engine/networks/:id") view=|| OfEngine::NetworkPage.view()/>
                    <Route path=path!("/on/:engine/events") view=|| OfEngine::Events.view()/>
                    <Route path=path!("/search/images") view=|| OfEngine::FindImages.view()/>
                    <Route path=path!("/run") view=|| OfEngine::RunImage.view()/>
                    <ParentRoute path=path!("") view=Outlet>
                        <Route path=path!("/") view=|| OfOverview::Overview.view()/>
                        <Route path=path!("/engines") view=|| OfHouse::Engines.view()/>
                        <Route path=path!("/on/:engine/edit") view=|| OfHouse::EditEngine.view()/>
                        <Route path=path!("/add/engine") view=|| OfHouse::AddEngine.view()/>
                        <Route path=path!("/audit") view=|| OfHouse::Audit.view()/>
                        <Route path=path!("/tokens") view=|| OfHouse::Tokens.view()/>
                        <Route path=path!("/use-docker") view=|| OfHouse::UseDocker.view()/>
                        <Route path=path!("/account") view=|| OfHouse::Account.view()/>
                        <Route path=path!("/device") view=|| OfHouse::Device.view()/>
                        <Route path=path!("/reference") view=|| OfHouse::Reference.view()/>
                        <ParentRoute path=path!("") view=Outlet>
                            <Route path=path!("/guardrails") view=|| OfHouse::Guardrails.view()/>
                            <Route path=path!("/guardrails/:id") view=|| OfHouse::GuardrailPage.view()/>
                            <Route path=path!("/add/guardrail") view=|| OfHouse::AddGuardrail.view()/>
                            <Route path=path!("/providers") view=|| OfHouse::Providers.view()/>
                            <Route path=path!("/providers/:provider") view=|| OfHouse::EditProvider.view()/>
                            <Route path=path!("/recordings") view=|| OfHouse::Recordings.view()/>
                            <Route path=path!("/recordings/:id") view=|| OfHouse::RecordingPage.view()/>
                            <Route path=path!("/recording-rules") view=|| OfHouse::RecordingRules.view()/>
                            <Route path=path!("/registries/:registry/retention") view=|| OfRegistries::Retention.view()/>
                            <Route path=path!("/registries/:registry/retention/plans/:plan") view=|| OfRegistries::RetentionPlanPage.view()/>
                            <Route path=path!("/registries/:registry/rules") view=|| OfRegistries::RegistryRulesPage.view()/>
                            <Route path=path!("/add/provider") view=|| OfHouse::AddProvider.view()/>
                        </ParentRoute>
                    </ParentRoute>
                    <ParentRoute path=path!("") view=Outlet>
                        <Route path=path!("/registries") view=|| OfRegistries::Registries.view()/>
                        <Route path=path!("/registries/:registry") view=|| OfRegistries::RegistryPage.view()/>
                        <Route path=path!("/registries/:registry/edit") view=|| OfRegistries::EditRegistry.view()/>
                        <Route path=path!("/registries/:registry/repositories/:repository") view=|| OfRegistries::RepositoryPage.view()/>
                        <Route path=path!("/registries/:registry/repositories/:repository/images/:reference") view=|| OfRegistries::RegistryImage.view()/>
                        <Route path=path!("/registries/:registry/repositories/:repository/compare") view=|| OfRegistries::CompareImages.view()/>
                        <Route path=path!("/add/registry") view=|| OfRegistries::AddRegistry.view()/>
                    </ParentRoute>
                    <ParentRoute path=path!("") view=Outlet>
                        <Route path=path!("/people") view=|| OfAccess::People.view()/>
                        <Route path=path!("/people/:user") view=|| OfAccess::Person.view()/>
                        <Route path=path!("/add/person") view=|| OfAccess::AddPerson.view()/>
                        <Route path=path!("/teams") view=|| OfAccess::Teams.view()/>
                        <Route path=path!("/teams/:team") view=|| OfAccess::TeamPage.view()/>
                        <Route path=path!("/add/team") view=|| OfAccess::AddTeam.view()/>
                        <Route path=path!("/robots") view=|| OfAccess::Robots.view()/>
                        <Route path=path!("/robots/:robot") view=|| OfAccess::RobotPage.view()/>
                        <Route path=path!("/add/robot") view=|| OfAccess::AddRobot.view()/>
                        <Route path=path!("/roles") view=|| OfAccess::Roles.view()/>
                        <Route path=path!("/roles/:role") view=|| OfAccess::RolePage.view()/>
                        <Route path=path!("/add/role") view=|| OfAccess::AddRole.view()/>
                        <Route path=path!("/grants") view=|| OfAccess::Grants.view()/>
                        <Route path=path!("/access/explain") view=|| OfAccess::Explain.view()/>
                        <Route path=path!("/access/matrix") view=|| OfAccess::Matrix.view()/>
                        <Route path=path!("/access/review") view=|| OfAccess::Review.view()/>
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::quoted;

    #[test]
    fn a_url_cannot_leave_its_script() {
        assert_eq!(quoted("/a.js"), "\"/a.js\"");
        assert_eq!(quoted("\"</script>"), "\"\\\"\\u003c/script>\"");
    }
}

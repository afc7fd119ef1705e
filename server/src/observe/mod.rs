use std::sync::Arc;
#[derive(Default)]
pub struct Figures;
impl Figures { pub fn hottest(&self, _n: usize, _engines: &[String]) -> Vec<pilothouse_app::api::overview::Hot> { Vec::new() } }
pub async fn collect(_: Arc<Figures>, _: Arc<crate::backends::Engines>) {}

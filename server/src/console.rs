use std::sync::Arc;
pub fn routes(_api: axum::Router, assets: crate::assets::AssetFiles, _engines: Arc<crate::backends::Engines>) -> axum::Router { assets.routes() }

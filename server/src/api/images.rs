//! Images of an engine.

use axum::{Extension, Router, extract::State, response::Response};
use futures_util::StreamExt;
use pilothouse_app::api::{
    ListQuery,
    images::{Image, ImageGet, ImageList, ImagePull, ImageRemove, ImageRemoveInput, ImageTag, PullProgress, PullQuery, TagInput},
};

use super::{
    Answer, Api, ApiError, Asked, Input, Named, Who, done,
    list::{self, Column, Filter},
    live, route, route_live, through,
};
use crate::{
    access::{Operation, Permission, guard::Ask},
    audit::{Changed, field},
    backends::docker::{
        EngineError,
        belongings::settle,
        typed::{
            images::{self, Labelled},
            names::ImageRef,
            pull,
        },
    },
};

const COLUMNS: &[Column<Labelled>] = &[
    // Those without a tag come last.
    ("tag", |a, b| (a.image.tags.is_empty(), &a.image.tags, &a.image.id).cmp(&(b.image.tags.is_empty(), &b.image.tags, &b.image.id))),
    ("created_at", |a, b| a.image.created_at.cmp(&b.image.created_at)),
    ("size", |a, b| a.image.size.cmp(&b.image.size)),
];

/// The engine and the image that a path names.
type One = Named<(String, String)>;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, ImageList, list_images);
    let router = route(router, ImageGet, get);
    let router = route(router, ImageTag, tag);
    let router = route(router, ImageRemove, remove);
    route_live(router, ImagePull, pull_image)
}

async fn list_images(State(api): State<Api>, Extension(who): Who, Named(engine): Named<String>, Asked(query): Asked<ListQuery>) -> Answer<ImageList> {
    let operation = Operation::on_engine("ImageList", Permission::ImageList, &engine, "");
    api.at_engine(&who, operation, async |engine, permit| {
        let filter = Filter::read(&query)?;
        let mut found = images::list(&engine, &permit).await?;
        found.retain(|Labelled { image, labels }| {
            let texts: Vec<&str> = image.tags.iter().chain([&image.id]).map(String::as_str).collect();
            filter.passes(&texts, list::use_of(&image.used_by), labels)
        });
        list::sort(&mut found, &query, COLUMNS)?;
        let found: Vec<Image> = found.into_iter().map(|labelled| labelled.image).collect();
        list::page(found, &query)
    })
    .await
}

async fn get(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One) -> Answer<ImageGet> {
    let operation = Operation::on_engine("ImageGet", Permission::ImageInspect, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| Ok(images::get(&engine, &permit, &ImageRef::parse(permit.operation().subject())?).await?))
        .await
}

async fn tag(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, Input(input): Input<TagInput>) -> Answer<ImageTag> {
    let operation = Operation::on_engine("ImageTag", Permission::ImageTag, &engine, &id);
    api.change_at_engine(&who, operation, async |engine, permit| {
        let image = ImageRef::parse(permit.operation().subject())?;
        images::check_tag(&input)?;
        api.guard(&engine, &permit, &who, "ImageTag", &[], &serde_json::Value::Null).await?;
        let changes = vec![field("repo", None, Some(&input.repository)), field("tag", None, Some(&input.tag))];
        Ok(Changed::new(changes, done(images::tag(&engine, &permit, &image, &input).await)?))
    })
    .await
}

async fn remove(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, Asked(input): Asked<ImageRemoveInput>) -> Answer<ImageRemove> {
    let operation = Operation::on_engine("ImageRemove", Permission::ImageRemove, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        done(images::remove(&engine, &permit, &ImageRef::parse(permit.operation().subject())?, input.force).await)
    })
    .await
}

async fn pull_image(
    State(api): State<Api>,
    Extension(who): Who,
    Named(engine): Named<String>,
    Input(input): Input<PullQuery>,
) -> Result<Response, ApiError> {
    let operation = Operation::on_engine("ImagePull", Permission::ImagePull, &engine, &input.image);
    live::steps::<ImagePull, _, _>(
        &api,
        &who,
        operation,
        |step| step.error.is_some(),
        async |permit| {
            let image = ImageRef::of_field("image", &input.image)?;
            let engine = api.engine_of(&permit)?;
            let (name, tag) = image.split();
            let mut query = [("fromImage".to_owned(), name.to_owned()), ("tag".to_owned(), tag.to_owned())];
            let ask = Ask { operation: "ImageCreate", params: &[], query: &query, body: None };
            api.guardrails.check(&engine, &permit, &who, &ask).await?;
            let project = settle(&engine, &permit, &mut query, None).await?;
            let token = through::token(&api, &who, &engine, &image).await?;
            // What goes wrong on the way through Pilothouse is put in our words.
            let way = token.as_ref().map(|_| api.reach.registry_host().to_owned());
            let login = token.as_deref().zip(way.as_deref()).map(|(token, host)| pull::Login { host, token });
            let steps = pull::pull(&engine, &permit, &image, login).await.map_err(|error| not_pulled(way.as_deref(), error))?;
            // When it is done, the image is the project's, too.
            Ok(steps.then(move |step| {
                let (engine, project, image) = (engine.clone(), project.clone(), image.clone());
                let step = step.map(|step| in_our_words(way.as_deref(), step));
                async move {
                    if let (Some(project), true) = (project, step.as_ref().is_ok_and(|step| step.done && step.error.is_none())) {
                        engine.claim(image.as_str(), &project).await;
                    }
                    step
                }
            }))
        },
    )
    .await
}

/// Why a pull did not begin; `way` is the host of Pilothouse, where it was to go through it.
fn not_pulled(way: Option<&str>, error: EngineError) -> ApiError {
    let said = error.to_string();
    let ApiError(mut problem) = error.into();
    if let Some(host) = way {
        problem.title = through::explained(host, &said);
        problem.detail = None;
    }
    ApiError(problem)
}

/// The same for a pull that had begun.
fn in_our_words(way: Option<&str>, mut step: PullProgress) -> PullProgress {
    if let (Some(host), Some(said)) = (way, &step.error) {
        step.error = Some(through::explained(host, said));
    }
    step
}

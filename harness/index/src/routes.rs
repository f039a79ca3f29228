//! The routes: who may come in, what is served where.

use axum::Router;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::watch;

use crate::deliver::has_already;
use crate::error::Refusal;
use crate::listener::Cut;
use crate::log::Asked;
use crate::names::normalise;
use crate::negotiate::{self, Form};
use crate::refused::Refused;
use crate::server::Guests;
use crate::sight::Sight;
use crate::simple::{self, Written};
use crate::spoil;

/// Who keeps the door.
#[derive(Clone)]
struct Keeper {
    guests: Guests,
    refused: Refused,
    stopping: watch::Receiver<bool>,
}

pub(crate) fn router(guests: Guests, refused: Refused, stopping: watch::Receiver<bool>) -> Router {
    let keeper = Keeper {
        guests,
        refused,
        stopping,
    };
    Router::new()
        .route("/{token}/simple/", get(project_list))
        .route("/{token}/simple/{project}", get(redirect_to_page))
        .route("/{token}/simple/{project}/", get(project_page))
        .route("/{token}/files/{key}/{filename}", get(file))
        .fallback(async || Refusal::NoSuchPath)
        .layer(middleware::from_fn_with_state(keeper, admit))
}

/// Lets in who has a token, spoils the answer as the script says, and follows it into the log of that token.
async fn admit(
    State(keeper): State<Keeper>,
    Extension(cut): Extension<Cut>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let (token, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let Some(guest) = keeper.guests.find(token) else {
        keeper.refused.count("a request without a token of this index");
        return Refusal::UnknownToken.into_response();
    };
    let asked = Asked::from_path(rest);
    let sight = guest.world.arrives(guest.replica, &asked);
    let recording = guest.account.begin(&sight, request.method(), asked);
    request.extensions_mut().insert(sight.clone());
    let is_head = request.method() == Method::HEAD;

    let mut stopping = keeper.stopping;
    let answered = async {
        match spoil::before(&sight, &cut).await {
            Some(instead) => instead,
            None if is_head => next.run(request).await,
            None => {
                let (spoilt, changed) = spoil::body(sight.faults(), next.run(request).await, &cut);
                changed.into_iter().for_each(|fault| sight.note_change_by(fault));
                spoilt
            }
        }
    };
    let answer = tokio::select! {
        answer = answered => answer,
        _ = stopping.wait_for(|stopping| *stopping) => Refusal::Stopping.into_response(),
    };
    sight.settle();
    // On record then is a request without an answer.
    if cut.is_reset() {
        answer
    } else {
        recording.follow(answer)
    }
}

async fn project_list(Extension(sight): Extension<Sight>, asked: HeaderMap) -> Result<Response, Refusal> {
    let form = form(&asked)?;
    let projects = sight.projects().ok_or(Refusal::NoListing)?;
    let list = simple::list(projects.iter().map(String::as_str), form);
    Ok(send(&list, form, &asked))
}

async fn redirect_to_page(Path((token, project)): Path<(String, String)>) -> Result<Response, Refusal> {
    let normal = normalise(&project).ok_or(Refusal::BadProject(project))?;
    let page = format!("/{token}/simple/{normal}/");
    Ok((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, page)]).into_response())
}

async fn project_page(
    Extension(sight): Extension<Sight>,
    Path((token, project)): Path<(String, String)>,
    asked: HeaderMap,
) -> Result<Response, Refusal> {
    if normalise(&project).as_ref() != Some(&project) {
        return redirect_to_page(Path((token, project))).await;
    }
    let form = form(&asked)?;
    let page = sight.page(&project).await?;
    Ok(send(page.written(form), form, &asked))
}

async fn file(
    Extension(sight): Extension<Sight>,
    Path((_, key, filename)): Path<(String, String, String)>,
    asked: HeaderMap,
) -> Result<Response, Refusal> {
    sight.file(&key, &filename).await?.deliver(&asked).await
}

fn form(asked: &HeaderMap) -> Result<Form, Refusal> {
    let accept = asked.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    negotiate::choose(accept).ok_or(Refusal::NotAcceptable)
}

/// A page, or word that it has not changed.
fn send(page: &Written, form: Form, asked: &HeaderMap) -> Response {
    let headers = [
        (header::CONTENT_TYPE, form.media_type().to_owned()),
        (header::VARY, "Accept".to_owned()),
        // Ask every time: the request belongs in the log even when the page has not changed.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, page.tag.clone()),
    ];
    if has_already(asked, &page.tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, page.body.clone()).into_response()
}

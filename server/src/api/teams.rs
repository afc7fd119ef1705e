//! Teams, and who is in them.

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, Empty, ListQuery, Problem,
    people::{Member, MemberInput, Team, TeamCreate, TeamDelete, TeamInput, TeamList, TeamMemberAdd, TeamMemberRemove, TeamUpdate, TeamUpdateInput},
};

use super::{
    Answer, Api, ApiError, Asked, Input, Who,
    change::{altered, made, removed},
    list,
    people::declared,
    route,
};
use crate::{
    access::{Holder, Operation, Permission, is_role_name},
    audit::{Changed, field},
    authn::Principal,
    clock::now_ms,
    house::HouseError,
    store::{
        StoreError,
        teams::{MemberRow, TeamRow},
    },
};

/// How long a summary may be, in characters.
const SUMMARY: usize = 300;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, TeamList, list_teams);
    let router = route(router, TeamCreate, create);
    let router = route(router, TeamUpdate, update);
    let router = route(router, TeamDelete, delete);
    let router = route(router, TeamMemberAdd, add_member);
    route(router, TeamMemberRemove, remove_member)
}

fn shown(row: TeamRow, members: &[MemberRow]) -> Team {
    let members = members.iter().filter(|member| member.team == row.name);
    let members = members.map(|member| Member { username: member.username.clone(), source: member.source.clone() }).collect();
    Team { name: row.name, summary: row.summary, created_at: row.created_at, declared: row.declared, members }
}

/// A line that says what something is for.
pub(super) fn summary(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    if text.chars().count() > SUMMARY || text.chars().any(char::is_control) {
        return Err(ApiError::field("summary", format!("A summary is one line of up to {SUMMARY} characters.")));
    }
    Ok(text.to_owned())
}

fn no_team(name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("There is no team {name}."))
}

async fn team(api: &Api, name: &str) -> Result<TeamRow, ApiError> {
    api.store.team(name).await?.ok_or_else(|| no_team(name))
}

async fn list_teams(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<TeamList> {
    let operation = Operation::on_system("TeamList", Permission::TeamList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let members = api.store.members().await?;
            let mut teams: Vec<Team> = api.store.teams().await?.into_iter().map(|row| shown(row, &members)).collect();
            teams.retain(|team| list::matches_words(&query, &format!("{} {}", team.name, team.summary)));
            Ok(Json(list::page(teams, &query)?))
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<TeamInput>) -> Answer<TeamCreate> {
    let operation = Operation::on_system("TeamCreate", Permission::TeamCreate, input.name.chars().take(64).collect::<String>());
    api.operator
        .change(&who, operation, async |_| {
            if !is_role_name(&input.name) {
                return Err(ApiError::field("name", "A team's name is 1 to 63 of a-z, 0-9 and -, and does not start with -."));
            }
            let row = TeamRow { name: input.name.clone(), summary: summary(&input.summary)?, created_at: now_ms(), declared: false };
            match api.house.add_team(&row).await {
                Err(HouseError::Store(StoreError::Exists)) => {
                    Err(ApiError(Problem::new(Code::Conflict, format!("There is a team {} already.", row.name)).field("name")))
                }
                done => {
                    done?;
                    Ok(made(shown(row, &[])))
                }
            }
        })
        .await
}

async fn update(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>, Input(input): Input<TeamUpdateInput>) -> Answer<TeamUpdate> {
    let operation = Operation::on_system("TeamUpdate", Permission::TeamUpdate, &name);
    api.operator
        .change(&who, operation, async |_| {
            let before = team(&api, &name).await?;
            if before.declared {
                return Err(declared(&format!("Team {name}")));
            }
            if !api.store.update_team(&name, &summary(&input.summary)?).await? {
                return Err(no_team(&name));
            }
            let members = api.store.members().await?;
            Ok(altered(&shown(before, &members), shown(team(&api, &name).await?, &members)))
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<TeamDelete> {
    let operation = Operation::on_system("TeamDelete", Permission::TeamDelete, &name);
    api.operator
        .change(&who, operation, async |_| {
            let before = shown(team(&api, &name).await?, &api.store.members().await?);
            if before.declared {
                return Err(declared(&format!("Team {name}")));
            }
            if api.house.delete_team(&name).await? { Ok(removed(&before)) } else { Err(no_team(&name)) }
        })
        .await
}

/// Whoever puts somebody into a team gives them all that the team holds.
pub(super) fn holds_what_the_team_holds(api: &Api, who: &Principal, team: &str) -> Result<(), ApiError> {
    let policy = api.operator.policy();
    let now = now_ms();
    let of_team = policy.grants().iter().filter(|grant| grant.holder == Holder::Team(team.to_owned()) && grant.stands(now));
    let mut missing = of_team.filter_map(|grant| Some((grant, policy.cannot_give(&who.subject.user, &grant.role, &grant.scope, now, grant.until)?)));
    match missing.next() {
        None => Ok(()),
        Some((grant, permission)) => {
            let title = format!("Team {team} holds {permission} on {}, which you do not hold yourself.", grant.scope);
            Err(ApiError(Problem::new(Code::Forbidden, title).detail("Nobody can give what they do not hold.")))
        }
    }
}

async fn add_member(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<MemberInput>,
) -> Answer<TeamMemberAdd> {
    let person: String = input.username.chars().take(64).collect();
    let operation = Operation::on_system("TeamMemberAdd", Permission::TeamUpdate, format!("{name} {person}"));
    api.operator
        .change(&who, operation, async |_| {
            let row = team(&api, &name).await?;
            let alone = api.house.alone().await?;
            holds_what_the_team_holds(&api, &who, &name)?;
            let member = MemberRow { team: name.clone(), username: input.username.clone(), source: String::new() };
            match api.house.add_member(&alone, &member).await {
                Err(HouseError::Store(StoreError::Missing)) => Err(ApiError::field("username", format!("There is no user or robot {person:?}."))),
                Err(HouseError::Store(StoreError::Exists)) => Err(ApiError::new(Code::Conflict, format!("{person} is in the team already."))),
                done => {
                    done?;
                    let changes = vec![field("member", None, Some(&person))];
                    Ok(Changed::new(changes, Json(shown(row, &api.store.members().await?))))
                }
            }
        })
        .await
}

async fn remove_member(State(api): State<Api>, Extension(who): Who, Path((name, person)): Path<(String, String)>) -> Answer<TeamMemberRemove> {
    let operation = Operation::on_system("TeamMemberRemove", Permission::TeamUpdate, format!("{name} {person}"));
    api.operator
        .change(&who, operation, async |_| {
            team(&api, &name).await?;
            let member = MemberRow { team: name.clone(), username: person.clone(), source: String::new() };
            match api.house.remove_member(&member).await {
                Err(HouseError::Store(StoreError::Missing)) => {
                    let others = api.store.members().await?;
                    match others.iter().find(|other| other.team == name && other.username == person) {
                        Some(other) if other.source == "settings" => Err(declared(&format!("That {person} is in team {name}"))),
                        Some(other) => {
                            let problem = Problem::new(Code::Conflict, format!("{person} is in team {name} by what {} says.", other.source));
                            Err(ApiError(problem.detail("Take them out of the group there.")))
                        }
                        None => Err(ApiError::new(Code::NotFound, format!("{person} is not in team {name}."))),
                    }
                }
                done => {
                    done?;
                    Ok(Changed::new(vec![field("member", Some(&person), None)], Json(Empty {})))
                }
            }
        })
        .await
}

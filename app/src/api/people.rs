//! Users, robots, teams, roles and grants.

use super::{
    Empty, ListQuery, Page, endpoints,
    session::{Token, TokenCreated, TokenInput},
    wire,
};

wire! {
    pub struct User {
        pub username: String,
        pub created_at: i64,
        pub disabled: bool,
        /// Declared in the settings file: it can be disabled here, and is removed there.
        pub declared: bool,
        /// False for those who sign in by a provider only, or not at all.
        pub has_password: bool,
        pub teams: Vec<String>,
    }

    pub struct UserInput {
        /// 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`, starting with a letter or a digit.
        pub username: String,
        /// At least 12 characters. Without it the user cannot sign in with a password.
        #[serde(default)]
        pub password: Option<String>,
    }

    pub struct UserUpdateInput {
        #[serde(default)]
        pub disabled: Option<bool>,
        #[serde(default)]
        pub password: Option<String>,
    }

    /// An account of a machine: it has tokens, and neither a password nor a session.
    pub struct Robot { pub name: String, pub created_at: i64, pub disabled: bool, pub declared: bool, pub tokens: u32 }

    pub struct RobotInput {
        /// As a username: users and robots share their names.
        pub name: String,
    }

    pub struct RobotUpdateInput { pub disabled: bool }

    pub struct RotateInput {
        /// For how many seconds the old token goes on: 0 to 604,800. Without it, an hour.
        #[serde(default)]
        pub overlap_s: Option<u64>,
    }

    pub struct Team { pub name: String, pub summary: String, pub created_at: i64, pub declared: bool, pub members: Vec<Member> }

    pub struct Member {
        pub username: String,
        /// Who says so: empty for what was said here, `settings` for the settings file, else the sign-in provider of this name.
        pub source: String,
    }

    pub struct TeamInput {
        /// 1 to 63 of `a-z`, `0-9` and `-`.
        pub name: String,
        #[serde(default)]
        pub summary: String,
    }

    pub struct TeamUpdateInput { pub summary: String }

    pub struct MemberInput { pub username: String }

    pub struct Role { pub name: String, pub summary: String, pub permissions: Vec<String>, pub built_in: bool, pub declared: bool }

    pub struct RoleInput {
        /// 1 to 63 of `a-z`, `0-9` and `-`; none of those that ship.
        pub name: String,
        #[serde(default)]
        pub summary: String,
        pub permissions: Vec<String>,
    }

    pub struct RoleUpdateInput { pub summary: String, pub permissions: Vec<String> }

    /// One permission, and what it lets through.
    pub struct PermissionInfo {
        pub name: String,
        /// `view`, `sensitive`, `change` or `own`: how its use is written down.
        pub kind: String,
        /// It is about Pilothouse itself, and worth something on the scope `all` only.
        pub house: bool,
        /// Operations of the engine door that it lets through, as `POST /containers/{id}/start`.
        pub lets: Vec<String>,
    }

    pub struct Grant {
        pub id: String,
        /// One of these three has it.
        pub user: Option<String>,
        pub robot: Option<String>,
        pub team: Option<String>,
        pub role: String,
        /// `all`, labels such as `env=prod`, `engine/NAME` or `engine/NAME/project/PROJECT`.
        pub scope: String,
        /// When it ends by itself.
        pub until: Option<i64>,
        pub created_at: i64,
        pub created_by: String,
        pub declared: bool,
    }

    pub struct GrantInput {
        /// Exactly one of these three.
        #[serde(default)]
        pub user: Option<String>,
        #[serde(default)]
        pub robot: Option<String>,
        #[serde(default)]
        pub team: Option<String>,
        pub role: String,
        /// `all`, labels such as `env=prod`, `engine/NAME` or `engine/NAME/project/PROJECT`.
        pub scope: String,
        /// When it is to end by itself, in milliseconds since 1970.
        #[serde(default)]
        pub until: Option<i64>,
    }
}

impl Grant {
    /// The name of whoever has it.
    pub fn holder(&self) -> &str {
        [&self.user, &self.robot, &self.team].into_iter().flatten().next().map_or("", String::as_str)
    }
}

endpoints! {
    "Lists the users."
    UserList: GET "/api/v1/users", ListQuery => Page<User>;
    "Makes a user."
    UserCreate: POST "/api/v1/users", UserInput => User;
    "Disables or enables a user, or sets their password; either ends their sessions."
    UserUpdate: PATCH "/api/v1/users/{username}", UserUpdateInput => User;
    "Removes a user with their grants, sessions and tokens."
    UserDelete: DELETE "/api/v1/users/{username}", Empty => Empty;
    "Lists the robots."
    RobotList: GET "/api/v1/robots", ListQuery => Page<Robot>;
    "Makes a robot: an account of a machine."
    RobotCreate: POST "/api/v1/robots", RobotInput => Robot;
    "Disables or enables a robot."
    RobotUpdate: PATCH "/api/v1/robots/{name}", RobotUpdateInput => Robot;
    "Removes a robot with its grants and tokens."
    RobotDelete: DELETE "/api/v1/robots/{name}", Empty => Empty;
    "Lists a robot's tokens."
    RobotTokenList: GET "/api/v1/robots/{name}/tokens", Empty => Page<Token>;
    "Makes a token for a robot. It is shown this once."
    RobotTokenCreate: POST "/api/v1/robots/{name}/tokens", TokenInput => TokenCreated;
    "Makes a robot's next token, of the same kind; the old one goes on for a while, so that nothing stands still."
    RobotTokenRotate: POST "/api/v1/robots/{name}/tokens/{id}/rotate", RotateInput => TokenCreated;
    "Revokes a robot's token, and ends its live streams."
    RobotTokenRevoke: DELETE "/api/v1/robots/{name}/tokens/{id}", Empty => Empty;
    "Lists the teams with who is in them."
    TeamList: GET "/api/v1/teams", ListQuery => Page<Team>;
    "Makes a team."
    TeamCreate: POST "/api/v1/teams", TeamInput => Team;
    "Says anew what a team is for."
    TeamUpdate: PATCH "/api/v1/teams/{name}", TeamUpdateInput => Team;
    "Removes a team with its grants."
    TeamDelete: DELETE "/api/v1/teams/{name}", Empty => Empty;
    "Puts somebody into a team. Whoever does so must hold what the team holds."
    TeamMemberAdd: POST "/api/v1/teams/{name}/members", MemberInput => Team;
    "Takes somebody out of a team; live streams that rested on it end."
    TeamMemberRemove: DELETE "/api/v1/teams/{name}/members/{username}", Empty => Empty;
    "Lists the roles with their permissions."
    RoleList: GET "/api/v1/roles", ListQuery => Page<Role>;
    "Makes a role of single permissions."
    RoleCreate: POST "/api/v1/roles", RoleInput => Role;
    "Changes a role; whoever has it holds the new permissions at once."
    RoleUpdate: PATCH "/api/v1/roles/{name}", RoleUpdateInput => Role;
    "Removes a role with the grants of it."
    RoleDelete: DELETE "/api/v1/roles/{name}", Empty => Empty;
    "Lists every permission with what it lets through."
    PermissionList: GET "/api/v1/permissions", Empty => Page<PermissionInfo>;
    "Lists the grants."
    GrantList: GET "/api/v1/grants", ListQuery => Page<Grant>;
    "Gives a user, a robot or a team a role on a scope."
    GrantCreate: POST "/api/v1/grants", GrantInput => Grant;
    "Takes a grant back; live streams that rested on it end."
    GrantDelete: DELETE "/api/v1/grants/{id}", Empty => Empty;
}

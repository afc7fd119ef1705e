//! Users, roles and grants.

use super::{Empty, ListQuery, Page, endpoints, wire};

wire! {
    pub struct User { pub username: String, pub created_at: i64, pub disabled: bool }

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

    pub struct Role { pub name: String, pub summary: String, pub permissions: Vec<String> }

    pub struct Grant {
        pub id: String,
        pub user: String,
        pub role: String,
        /// `all` or `engine/NAME`.
        pub scope: String,
        pub created_at: i64,
        pub created_by: String,
    }

    pub struct GrantInput { pub user: String, pub role: String, pub scope: String }
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
    "Lists the roles with their permissions."
    RoleList: GET "/api/v1/roles", Empty => Page<Role>;
    "Lists the grants."
    GrantList: GET "/api/v1/grants", ListQuery => Page<Grant>;
    "Gives a user a role on a scope."
    GrantCreate: POST "/api/v1/grants", GrantInput => Grant;
    "Takes a grant back; live streams that rested on it end."
    GrantDelete: DELETE "/api/v1/grants/{id}", Empty => Empty;
}

//! What is usual at the OpenID providers that people have.

/// What one kind of provider wants.
#[derive(Debug)]
pub struct Preset {
    pub name: &'static str,
    pub label: &'static str,
    /// Its issuer, with what differs in capitals.
    pub issuer: &'static str,
    /// Besides `openid`.
    pub scopes: &'static [&'static str],
    pub username_claim: &'static str,
    pub groups_claim: &'static str,
    /// What it wants said in the authorization request besides, for instance to give a refresh token.
    pub extra: &'static [(&'static str, &'static str)],
    /// What to know about it.
    pub notes: &'static str,
}

/// The presets that ship; the first is the one for everything else.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "generic",
        label: "OpenID Connect",
        issuer: "https://ISSUER",
        scopes: &["profile", "email", "offline_access"],
        username_claim: "preferred_username",
        groups_claim: "groups",
        extra: &[],
        notes: "Any provider with discovery. It must list the groups in a claim, in the ID token or at its userinfo endpoint.",
    },
    Preset {
        name: "keycloak",
        label: "Keycloak",
        issuer: "https://HOST/realms/REALM",
        scopes: &["profile", "email", "offline_access"],
        username_claim: "preferred_username",
        groups_claim: "groups",
        extra: &[],
        notes: "Give the client a mapper of the type Group Membership, with the claim name groups and Full group path off.",
    },
    Preset {
        name: "entra",
        label: "Microsoft Entra ID",
        issuer: "https://login.microsoftonline.com/TENANT-ID/v2.0",
        scopes: &["profile", "email", "offline_access"],
        username_claim: "preferred_username",
        groups_claim: "groups",
        extra: &[],
        notes: "Under Token configuration add the groups claim for ID tokens. Groups are then named by their object ids. \
                More than 200 groups are not listed: choose Groups assigned to the application.",
    },
    Preset {
        name: "google",
        label: "Google",
        issuer: "https://accounts.google.com",
        scopes: &["profile", "email"],
        username_claim: "email",
        groups_claim: "groups",
        extra: &[("access_type", "offline"), ("prompt", "consent")],
        notes: "Google lists no groups: put people into teams by hand. Make the consent screen internal, or anybody with a Google account \
                can become a user without rights.",
    },
    Preset {
        name: "gitlab",
        label: "GitLab",
        issuer: "https://gitlab.com",
        scopes: &["profile", "email"],
        username_claim: "preferred_username",
        groups_claim: "groups_direct",
        extra: &[],
        notes: "Make an application with the scopes openid, profile and email. Groups are named by their full paths; groups lists those above too.",
    },
    Preset {
        name: "okta",
        label: "Okta",
        issuer: "https://HOST",
        scopes: &["profile", "email", "groups", "offline_access"],
        username_claim: "preferred_username",
        groups_claim: "groups",
        extra: &[],
        notes: "In the application's Sign On tab set the groups claim filter to groups, Matches regex, .*; allow the grant type Refresh Token.",
    },
    Preset {
        name: "authentik",
        label: "Authentik",
        issuer: "https://HOST/application/o/SLUG/",
        scopes: &["profile", "email", "offline_access"],
        username_claim: "preferred_username",
        groups_claim: "groups",
        extra: &[],
        notes: "The issuer ends in a slash. The scope profile brings the groups; add the scope mapping offline_access for refresh tokens.",
    },
];

/// The preset of this name; the generic one for what is none.
pub fn preset(name: &str) -> &'static Preset {
    PRESETS.iter().find(|preset| preset.name == name).unwrap_or(&PRESETS[0])
}

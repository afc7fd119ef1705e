//! Which groups somebody is in.

use std::collections::{BTreeSet, HashSet, VecDeque};

use ldap3::ldap_escape;
use pilothouse_app::api::providers::Ldap as Settings;

use super::{NotVouched, connection::Connection, text, usual};

/// How many groups one person may be in; whoever is in more is refused, rather than cut short.
const MOST: usize = 500;
/// How many groups are looked into for groups of groups.
const MOST_LOOKED_INTO: usize = 200;
/// Active Directory looks through groups of groups by itself.
const IN_CHAIN: &str = "(member:1.2.840.113556.1.4.1941:={dn})";

pub async fn of(settings: &Settings, search: &mut Connection, dn: &str, username: &str) -> Result<BTreeSet<String>, NotVouched> {
    let base = usual(&settings.group_base_dn, &settings.base_dn);
    let attribute = usual(&settings.group_attribute, "cn");
    let chained = settings.active_directory && settings.nested;
    let direct = match settings.group_filter.as_str() {
        "" if chained => IN_CHAIN,
        "" if settings.active_directory => "(member={dn})",
        "" => "(|(member={dn})(uniqueMember={dn})(memberUid={username}))",
        own => own,
    };
    let above = "(|(member={dn})(uniqueMember={dn}))";
    let too_many = || NotVouched::Refused(format!("They are in more than {MOST} groups."));
    let mut names = BTreeSet::new();
    let mut seen = HashSet::from([dn.to_owned()]);
    let mut waiting = VecDeque::from([(dn.to_owned(), direct)]);
    while let Some((dn, filter)) = waiting.pop_front() {
        let filter = filter.replace("{dn}", &ldap_escape(dn)).replace("{username}", &ldap_escape(username));
        let (found, more) = search.search(base, &filter, &[attribute], MOST).await?;
        if more {
            return Err(too_many());
        }
        for group in found {
            names.extend(text(&group, attribute));
            if names.len() > MOST {
                return Err(too_many());
            }
            if settings.nested && !chained && seen.insert(group.dn.clone()) {
                if seen.len() > MOST_LOOKED_INTO {
                    return Err(too_many());
                }
                waiting.push_back((group.dn, above));
            }
        }
    }
    Ok(names)
}
